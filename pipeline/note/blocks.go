package note

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// mostDangers is how many replacements and deletions of a stack stand open.
	mostDangers = 30
	// mostLines is how many changed properties of a resource are shown.
	mostLines = 40
	// mostForcing is how many of those that force its replacement are.
	mostForcing = 8
	// mostFailures is how many errors of a preview are shown.
	mostFailures = 10
)

// failure says that the preview came to no end, and why.
func (p Preview) failure() block {
	b := block{
		open: fmt.Sprintf("\n⚠ **The preview of %s failed.** What it would change is not known as a whole.\n", code(p.Stack, name)),
		rank: failures,
		what: "what the preview of " + code(p.Stack, name) + " failed with",
	}
	for i, text := range p.failures {
		if i == mostFailures {
			b.items = append(b.items, fmt.Sprintf("\nand %d errors more\n", len(p.failures)-i))
			break
		}
		b.items = append(b.items, "\n"+codeBlock(text, long))
	}
	return b
}

// dangers is what cannot be undone: replacements, by what forces them, and
// deletions.
func (p Preview) dangers() (b block, ok bool) {
	replacements, deletions := p.of(replaced), p.of(deleted)
	var does []string
	if n := len(replacements); n > 0 {
		does = append(does, fmt.Sprintf("replaces %d", n))
	}
	if n := len(deletions); n > 0 {
		does = append(does, fmt.Sprintf("deletes %d", n))
	}
	if len(does) == 0 {
		return block{}, false
	}
	b.rank = dangers
	b.what = "of what " + code(p.Stack, name) + " replaces and deletes"
	b.open = fmt.Sprintf("\n⚠ **%s %s:**\n\n", code(p.Stack, name), strings.Join(does, " and "))
	if len(replacements)+len(deletions) > mostDangers {
		b.open += "<details><summary>All of them</summary>\n\n"
		b.close = "\n</details>\n"
	}
	for _, c := range replacements {
		b.items = append(b.items, c.replacement())
	}
	for _, c := range deletions {
		b.items = append(b.items, c.deletion())
	}
	return b, true
}

func (c change) replacement() string {
	var forcing []string
	for _, path := range c.forcing() {
		forcing = append(forcing, c.lines(path)...)
	}
	if len(forcing) > mostForcing {
		forcing = append(forcing[:mostForcing], "and more")
	}
	if len(forcing) == 0 {
		forcing = []string{"something that the preview does not name"}
	}
	return "- **Replaced:** " + c.title() + ", forced by " + strings.Join(forcing, "; ") + "\n"
}

func (c change) deletion() string {
	text := "- **Deleted:** " + c.title()
	if c.old != nil && c.old.RetainOnDelete {
		text += ", which stays in AWS without being managed: `retainOnDelete`"
	}
	return text + "\n"
}

// summary is the stack's heading with the counts, and whose code changes.
func (p Preview) summary(zips map[string]string) (b block, ok bool) {
	if len(p.changes) == 0 {
		// What failed says so further up.
		return block{open: fmt.Sprintf("\n#### %s: nothing changes, %d unchanged\n", code(p.Stack, name), p.unchanged)}, !p.Failed()
	}
	unchanged := fmt.Sprint(p.unchanged, " unchanged")
	if p.Failed() {
		unchanged = "as far as it came"
	}
	return block{
		open: fmt.Sprintf("\n#### %s: %d to create, %d to update, %d to replace, %d to delete; %s\n", code(p.Stack, name),
			len(p.of(created))+len(p.of(imported)), len(p.of(updated)), len(p.of(replaced)), len(p.of(deleted)), unchanged),
		items: []string{"\n" + p.codeChange(zips)},
		rank:  codeChanges,
		what:  "the functions of " + code(p.Stack, name) + " whose code changes",
	}, true
}

// verbs say what happens to the resources of a kind, in the order of their
// importance.
var verbs = map[kind]string{replaced: "replaced", protected: "protected, or no longer", updated: "updated", imported: "imported", created: "created"}

// details are the resources to which the same happens, with what changes.
func (p Preview) details(k kind) (b block, ok bool) {
	changes := p.of(k)
	if k == replaced && !slices.ContainsFunc(changes, change.more) {
		return block{}, false
	}
	b = block{
		open:  fmt.Sprintf("\n<details><summary>%d %s</summary>\n\n", len(changes), verbs[k]),
		close: "\n</details>\n",
		rank:  details + rank(k),
		what:  fmt.Sprintf("the %d %s in %s", len(changes), verbs[k], code(p.Stack, name)),
	}
	for _, c := range changes {
		b.items = append(b.items, c.item())
	}
	return b, len(changes) > 0
}

// more tells whether more changes about a replaced resource than what forces
// it to be, which stands on top.
func (c change) more() bool { return len(c.paths) > len(c.forcing()) }

// item is the resource with its changed properties, but for one that is made
// new: all of it is.
func (c change) item() string {
	var b strings.Builder
	b.WriteString("- " + c.title() + "\n")
	if c.kind == created {
		return b.String()
	}
	var lines []string
	for _, path := range c.sorted() {
		lines = append(lines, c.lines(path)...)
	}
	if more := len(lines) - mostLines; more > 0 {
		lines = append(lines[:mostLines], fmt.Sprintf("and %d more", more))
	}
	for _, line := range lines {
		b.WriteString("  - " + line + "\n")
	}
	if c.kind == protected {
		fmt.Fprintf(&b, "  - `protect`: `%t` → `%t`\n", c.old.Protect, c.new.Protect)
	}
	return b.String()
}
