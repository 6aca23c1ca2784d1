package events

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Update is the progress of one update of a stack.
type Update struct {
	warnings io.Writer
	started  time.Time
	now      func() time.Time

	mu          sync.Mutex
	before      map[string]bool // URNs in the state before the update
	seen        map[string]bool // URNs of all steps
	done, read  map[string]bool // URNs; read: by the refresh before the update
	refreshing  bool
	doing       []string // URNs in progress, the oldest first
	diagnostics []Diagnostic
	changes     map[string]int // resources by operation
}

// NewUpdate returns an Update of a stack that has the resources with these
// URNs. It writes warnings to the writer at once.
func NewUpdate(before []string, warnings io.Writer) *Update {
	u := &Update{warnings: warnings, started: time.Now(), now: time.Now, before: map[string]bool{}, seen: map[string]bool{}, done: map[string]bool{}, read: map[string]bool{}}
	for _, urn := range before {
		u.before[urn] = true
	}
	return u
}

// Record records an event.
func (u *Update) Record(e Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case e.Began != nil:
		m := e.Began.Metadata
		u.seen[m.URN], u.refreshing = true, m.Op == "refresh"
		if m.New == nil || m.New.Custom {
			u.doing = append(u.doing, m.URN)
		}
	case e.Made != nil:
		u.end(e.Made, true)
	case e.Failed != nil:
		u.end(e.Failed, false)
	case e.Diagnostic != nil:
		d := *e.Diagnostic
		u.diagnostics = append(u.diagnostics, d)
		if d.Severity == "warning" && !d.Ephemeral {
			fmt.Fprintf(u.warnings, "%s%s", about(d.URN), ended(d.text()))
		}
	case e.Summary != nil:
		u.changes = e.Summary.Changes
	case e.Policy != nil:
		p := *e.Policy
		fmt.Fprintf(u.warnings, "%s%s policy %s of %s: %s", about(p.URN), p.Enforcement, p.Policy, p.Pack, ended(p.Message))
	}
}

func (u *Update) end(s *Step, done bool) {
	urn := s.Metadata.URN
	if i := slices.Index(u.doing, urn); i >= 0 {
		u.doing = slices.Delete(u.doing, i, i+1)
	}
	switch {
	case !done:
	case s.Metadata.Op == "refresh":
		u.read[urn] = true
	default:
		u.done[urn] = true
	}
}

// maxNamed is how many of the resources in progress String names.
const maxNamed = 2

// String returns the progress, such as "1 of 3, 7s: Queue orders". A first
// update has no total, because the number of resources is unknown.
func (u *Update) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := len(u.before)
	for urn := range u.seen {
		if !u.before[urn] {
			all++
		}
	}
	text := fmt.Sprintf("%d made", len(u.done))
	switch {
	case u.refreshing:
		text = fmt.Sprintf("%d of %d read", len(u.read), all)
	case len(u.before) > 0:
		text = fmt.Sprintf("%d of %d", len(u.done), all)
	}
	text += ", " + u.now().Sub(u.started).Round(time.Second).String()
	var names []string
	for _, urn := range u.doing[:min(len(u.doing), maxNamed)] {
		typ, name := typeAndName(urn)
		names = append(names, typ[strings.LastIndexByte(typ, ':')+1:]+" "+name)
	}
	if len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	if more := len(u.doing) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Changes returns what the update has done, such as "1 updated, 60 unchanged".
func (u *Update) Changes() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []string
	for _, o := range []struct{ name, done string }{{"create", "created"}, {"update", "updated"}, {"replace", "replaced"}, {"delete", "deleted"}, {"same", "unchanged"}} {
		if n := u.changes[o.name]; n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, o.done))
		}
	}
	if len(all) == 0 {
		return "nothing changed"
	}
	return strings.Join(all, ", ")
}

// Diagnostics writes the messages of a failed update, grouped by resource as in
// Pulumi. It reports whether one of them is an error.
func (u *Update) Diagnostics(out io.Writer) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	var urns []string
	by, failed := map[string][]string{}, false
	for _, d := range u.diagnostics {
		if d.Ephemeral || d.Severity == "warning" { // a warning is shown already
			continue
		}
		if _, ok := by[d.URN]; !ok {
			urns = append(urns, d.URN)
		}
		by[d.URN] = append(by[d.URN], d.text())
		failed = failed || d.Severity == "error"
	}
	for _, urn := range urns {
		text := ended(strings.Join(by[urn], ""))
		if urn == "" {
			fmt.Fprint(out, text)
			continue
		}
		typ, name := typeAndName(urn)
		fmt.Fprintf(out, "%s (%s):\n", typ, name)
		for line := range strings.Lines(text) {
			fmt.Fprint(out, "    ", line)
		}
	}
	return failed
}

func (d Diagnostic) text() string {
	if strings.HasPrefix(d.Message, d.Prefix) {
		return d.Message
	}
	return d.Prefix + d.Message
}

// about returns the resource's type and name, which precede a message.
func about(urn string) string {
	if urn == "" {
		return ""
	}
	typ, name := typeAndName(urn)
	return fmt.Sprintf("%s (%s): ", typ, name)
}

// typeAndName returns the last parts of a URN.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
func typeAndName(urn string) (typ, name string) {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return urn, ""
	}
	return parts[2][strings.LastIndexByte(parts[2], '$')+1:], parts[3]
}

// ended returns the text with exactly one newline at its end.
func ended(text string) string { return strings.TrimRight(text, "\n") + "\n" }
