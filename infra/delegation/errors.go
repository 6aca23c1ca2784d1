package delegation

import (
	"fmt"
	"strings"
)

// NotDelegatedError is the error for a zone that the parent zone does not list,
// or lists with other name servers. All names are in lower case without the dot
// at the end.
type NotDelegatedError struct {
	Zone, Parent string
	Hint         string   // what to do until the zone is delegated; may be empty
	Want         []string // the zone's name servers, sorted
	Have         []string // the name servers that the parent zone lists, sorted; may be empty
}

func (e *NotDelegatedError) Error() string {
	var b strings.Builder
	if len(e.Have) == 0 {
		fmt.Fprintf(&b, "zone %s is not delegated yet: add these NS records to %s (the parent zone, or your registrar), then run up again:", e.Zone, e.Parent)
	} else {
		fmt.Fprintf(&b, "zone %s is delegated to other name servers (%s): in %s (the parent zone, or your registrar), replace its NS records with these, then run up again:",
			e.Zone, strings.Join(e.Have, ", "), e.Parent)
	}
	for _, server := range e.Want {
		fmt.Fprintf(&b, "\n  %s. NS %s.", e.Zone, server)
	}
	if e.Hint != "" {
		b.WriteString("\n" + e.Hint)
	}
	return b.String()
}

// UnreachableError is the error if DNS gives no usable answer: there is no
// network, or the servers fail. It wraps the cause.
type UnreachableError struct {
	Zone string
	Hint string // how to skip the check; may be empty
	Err  error
}

func (e *UnreachableError) Error() string {
	text := fmt.Sprintf("cannot check the delegation of zone %s, because DNS gives no answer: check the network", e.Zone)
	if e.Hint != "" {
		text += ", or " + e.Hint
	}
	return text + ": " + strings.ReplaceAll(e.Err.Error(), "\n", "; ")
}

func (e *UnreachableError) Unwrap() error { return e.Err }
