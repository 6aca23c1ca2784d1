package note

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// maxUnfolded is how many replacements and deletions of a stack are shown
	// without folding them.
	maxUnfolded = 30
	// maxLines is how many changed properties of a resource are shown.
	maxLines = 40
	// maxForcing is how many properties that force a replacement are shown.
	maxForcing = 8
	// maxFailures is how many errors of a preview are shown.
	maxFailures = 10
)

// failure says that the preview failed, with its errors.
func (p Preview) failure() block {
	b := block{
		open: fmt.Sprintf("\n⚠ **The preview of %s failed.** Its list of changes is incomplete.\n", code(p.Stack, maxName)),
		rank: failures,
		what: "errors of the preview of " + code(p.Stack, maxName),
	}
	for i, text := range p.failures {
		if i == maxFailures {
			b.items = append(b.items, fmt.Sprintf("\nand %d more errors\n", len(p.failures)-i))
			break
		}
		b.items = append(b.items, "\n"+codeBlock(text, maxError))
	}
	return b
}

// dangers lists what cannot be undone: replacements, with the properties that
// force them, and deletions.
func (p Preview) dangers() (b block, ok bool) {
	replacements, deletions := p.of(replaced), p.of(deleted)
	var counts []string
	if n := len(replacements); n > 0 {
		counts = append(counts, fmt.Sprintf("replaces %d", n))
	}
	if n := len(deletions); n > 0 {
		counts = append(counts, fmt.Sprintf("deletes %d", n))
	}
	if len(counts) == 0 {
		return block{}, false
	}
	b.rank = dangers
	b.what = "replacements and deletions of " + code(p.Stack, maxName)
	b.open = fmt.Sprintf("\n⚠ **%s %s:**\n\n", code(p.Stack, maxName), strings.Join(counts, " and "))
	if len(replacements)+len(deletions) > maxUnfolded {
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
	if len(forcing) > maxForcing {
		forcing = append(forcing[:maxForcing], "and more")
	}
	if len(forcing) == 0 {
		forcing = []string{"a property that the preview does not name"}
	}
	return "- **Replaced:** " + c.title() + ", forced by " + strings.Join(forcing, "; ") + "\n"
}

func (c change) deletion() string {
	text := "- **Deleted:** " + c.title()
	if c.old != nil && c.old.RetainOnDelete {
		text += ", which stays in AWS and is no longer managed: `retainOnDelete`"
	}
	return text + "\n"
}

// summary returns the stack's heading with the counts, and the functions whose
// code changes.
func (p Preview) summary(zips map[string]string) (b block, ok bool) {
	if len(p.changes) == 0 {
		// A failed preview has its own block.
		return block{open: fmt.Sprintf("\n#### %s: nothing changes, %d unchanged\n", code(p.Stack, maxName), p.unchanged)}, !p.Failed()
	}
	unchanged := fmt.Sprint(p.unchanged, " unchanged")
	if p.Failed() {
		unchanged = "as far as the preview got"
	}
	return block{
		open: fmt.Sprintf("\n#### %s: %d to create, %d to update, %d to replace, %d to delete; %s\n", code(p.Stack, maxName),
			len(p.of(created))+len(p.of(imported)), len(p.of(updated)), len(p.of(replaced)), len(p.of(deleted)), unchanged),
		items: []string{"\n" + p.codeChange(zips)},
		rank:  codeChanges,
		what:  "the functions of " + code(p.Stack, maxName) + " whose code changes",
	}, true
}

// verbs say what happens to the resources of a kind.
var verbs = map[kind]string{replaced: "replaced", protected: "protected or unprotected", updated: "updated", imported: "imported", created: "created"}

// details lists the resources of one kind with their changed properties.
func (p Preview) details(k kind) (b block, ok bool) {
	changes := p.of(k)
	if k == replaced && !slices.ContainsFunc(changes, change.more) {
		return block{}, false
	}
	b = block{
		open:  fmt.Sprintf("\n<details><summary>%d %s</summary>\n\n", len(changes), verbs[k]),
		close: "\n</details>\n",
		rank:  details + rank(k),
		what:  fmt.Sprintf("the %d %s in %s", len(changes), verbs[k], code(p.Stack, maxName)),
	}
	for _, c := range changes {
		b.items = append(b.items, c.item())
	}
	return b, len(changes) > 0
}

// more reports whether a replaced resource has other changes than those that
// force the replacement. dangers shows the latter.
func (c change) more() bool { return len(c.paths) > len(c.forcing()) }

// item returns the resource with its changed properties. For a created resource
// it returns only the title, because all properties are new.
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
	if more := len(lines) - maxLines; more > 0 {
		lines = append(lines[:maxLines], fmt.Sprintf("and %d more", more))
	}
	for _, line := range lines {
		b.WriteString("  - " + line + "\n")
	}
	if c.kind == protected {
		fmt.Fprintf(&b, "  - `protect`: `%t` → `%t`\n", c.old.Protect, c.new.Protect)
	}
	return b.String()
}
