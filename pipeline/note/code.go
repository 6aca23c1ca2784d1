package note

import (
	"fmt"
	"strings"

	"skiff/infra/build"
)

// maxFunctions is how many functions a sentence names.
const maxFunctions = 50

// functions returns the functions whose code changes, and those whose sources
// change but whose zip does not, such as after a changed comment. The deployed
// zip's sha256 is the output of the command that builds it.
func (p Preview) functions(zips map[string]string) (changed, same []string) {
	for _, c := range p.changes {
		if !c.builds() {
			continue
		}
		sha, known := zips[c.name]
		deployed, _ := c.old.at(outputs, "stdout").value.(string)
		switch {
		case known && sha != "" && strings.TrimSpace(deployed) == sha:
			same = append(same, code(c.name, maxName))
		case c.kind == created:
			changed = append(changed, code(c.name, maxName)+" (new)")
		default:
			changed = append(changed, code(c.name, maxName))
		}
	}
	return changed, same
}

// builds reports whether the change is a command that builds a function's zip,
// with new sources. Such a command has the function's name, and its parent's
// type starts with the project's name. With the same digest, the command builds
// the same bytes, whatever else changes in it.
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

// codeChange returns the sentence that names the functions whose code changes.
func (p Preview) codeChange(zips map[string]string) string {
	changed, same := p.functions(zips)
	var b strings.Builder
	switch len(changed) {
	case 0:
		b.WriteString("No function's code changes")
		if p.Failed() {
			b.WriteString(", as far as the preview got")
		}
		b.WriteString(".")
	case 1:
		fmt.Fprintf(&b, "**The code of one function changes:** %s.", changed[0])
	default:
		fmt.Fprintf(&b, "**The code of %d functions changes:** %s.", len(changed), list(changed))
	}
	if len(same) > 0 {
		fmt.Fprintf(&b, " The sources of %s change, but not what is built from them.", list(same))
	}
	return b.String() + "\n"
}

func list(names []string) string {
	if more := len(names) - maxFunctions; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxFunctions], ", "), more)
	}
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
