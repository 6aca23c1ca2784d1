package note

import (
	"fmt"
	"strings"

	"skiff/infra/build"
)

// mostFunctions is how many functions a sentence names.
const mostFunctions = 50

// functions are those whose code changes, and those whose sources change while
// the bytes of their zip stay, as after a change of a comment. What is deployed
// is known by what the function's command has printed: the zip's sha256.
func (p Preview) functions(zips map[string]string) (changed, same []string) {
	for _, c := range p.changes {
		if !c.builds() {
			continue
		}
		sha, known := zips[c.name]
		deployed, _ := c.old.at(outputs, "stdout").value.(string)
		switch {
		case known && sha != "" && strings.TrimSpace(deployed) == sha:
			same = append(same, code(c.name, name))
		case c.kind == created:
			changed = append(changed, code(c.name, name)+" (new)")
		default:
			changed = append(changed, code(c.name, name))
		}
	}
	return changed, same
}

// builds tells whether the change is one of the command that makes a function's
// zip. It has the function's name, and the project begins its parent's type. A
// command with the digest that it had makes the same bytes, whatever else changes
// about it.
func (c change) builds() bool {
	if c.typ != "command:local:Command" || !strings.HasSuffix(c.parent, ":lambda:Function") {
		return false
	}
	if c.kind != created && c.kind != updated && c.kind != replaced {
		return false
	}
	digest := c.new.at(inputs, "environment", build.DigestVariable)
	before := c.old.at(inputs, "environment", build.DigestVariable)
	_, isText := digest.value.(string)
	return digest.there && (digest.secret || !isText || digest.value != before.value)
}

// codeChange is the sentence that names them.
func (p Preview) codeChange(zips map[string]string) string {
	changed, same := p.functions(zips)
	var b strings.Builder
	switch len(changed) {
	case 0:
		b.WriteString("No function's code changes")
		if p.Failed() {
			b.WriteString(", as far as the preview came")
		}
		b.WriteString(".")
	case 1:
		fmt.Fprintf(&b, "**The code of one function changes:** %s.", changed[0])
	default:
		fmt.Fprintf(&b, "**The code of %d functions changes:** %s.", len(changed), list(changed))
	}
	if len(same) > 0 {
		fmt.Fprintf(&b, " The sources of %s change, but not a byte of what is built from them.", list(same))
	}
	return b.String() + "\n"
}

func list(names []string) string {
	if more := len(names) - mostFunctions; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostFunctions], ", "), more)
	}
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
