package delegation

import (
	"fmt"
	"strings"
)

// NotDelegatedError is the error for a zone that the zone above does not name,
// or names with other servers. Its names are in lower case and without the dot
// at their end.
type NotDelegatedError struct {
	Zone, Parent string
	Hint         string   // what to do until it is delegated; may be empty
	Want         []string // the zone's own name servers, sorted
	Have         []string // those that the zone above names, sorted; none if it names none
}

func (e *NotDelegatedError) Error() string {
	var b strings.Builder
	if len(e.Have) == 0 {
		fmt.Fprintf(&b, "zone %s is not delegated yet: add these NS records to %s, where it is registered, then run up again:", e.Zone, e.Parent)
	} else {
		fmt.Fprintf(&b, "zone %s is delegated to other name servers (%s): in %s, where it is registered, replace its NS records by these, then run up again:",
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

// UnreachableError is the error for a zone of which DNS told nothing: no
// network, or servers that fail. It wraps what failed.
type UnreachableError struct {
	Zone string
	Hint string // how to do without the check; may be empty
	Err  error
}

func (e *UnreachableError) Error() string {
	text := fmt.Sprintf("the delegation of zone %s cannot be checked, for DNS gives no answer: check the network", e.Zone)
	if e.Hint != "" {
		text += ", or " + e.Hint
	}
	return text + ": " + strings.ReplaceAll(e.Err.Error(), "\n", "; ")
}

func (e *UnreachableError) Unwrap() error { return e.Err }
