package note

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// kind is what happens to a resource, the most important first.
type kind int

const (
	replaced kind = iota
	deleted
	protected // or no longer: the one change that a step called same can have
	updated
	imported
	created
)

// kinds are those of the engine's operations. Each of a replacement's steps is
// the replacement. Those that are not here change nothing in AWS: same, refresh,
// read, discard (forgets what was read), remove-pending-replace.
// https://github.com/pulumi/pulumi/blob/v3.250.0/sdk/go/common/apitype/history.go
var kinds = map[string]kind{
	"create":             created,
	"update":             updated,
	"delete":             deleted,
	"import":             imported,
	"replace":            replaced,
	"create-replacement": replaced,
	"delete-replaced":    replaced,
	"import-replacement": replaced,
	"read-replacement":   replaced,
	"discard-replaced":   replaced,
}

// change is one resource that changes.
type change struct {
	kind     kind
	typ      string // such as aws:lambda/function:Function
	name     string // the logical one
	parent   string // the type of the component that it is part of, if of one
	urn      string
	old, new *state // as far as they are known
	forced   []string
	paths    map[string]property
}

// changes are those of all steps, ordered, and a replacement once. More than
// one deletion may have the same URN: what an earlier replacement left behind.
func (d digest) changes() (changes []change) {
	places := map[string]int{} // in changes, by kind and URN
	for _, s := range d.Steps {
		c, ok := s.change()
		if !ok {
			continue
		}
		key := string(rune('0'+c.kind)) + c.urn
		if i, seen := places[key]; seen && c.kind != deleted {
			changes[i].merge(c)
			continue
		}
		places[key] = len(changes)
		changes = append(changes, c)
	}
	slices.SortStableFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.typ, b.typ), cmp.Compare(a.name, b.name), cmp.Compare(a.urn, b.urn))
	})
	return changes
}

func (s step) change() (c change, ok bool) {
	c = change{urn: s.URN, old: s.OldState, new: s.NewState, forced: s.ReplaceReasons, paths: map[string]property{}}
	c.kind, ok = kinds[s.Op]
	if s.Op == "same" && s.OldState != nil && s.NewState != nil && s.OldState.Protect != s.NewState.Protect {
		c.kind, ok = protected, true
	}
	c.parent, c.typ, c.name = parts(s.URN)
	for path, p := range s.DetailedDiff {
		c.paths[path] = p
	}
	if len(s.DetailedDiff) == 0 {
		for _, path := range s.DiffReasons {
			c.paths[path] = property{Kind: "update"}
		}
	}
	return c, ok
}

// parts are in a URN, urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME.
func parts(urn string) (parent, typ, name string) {
	fields := strings.SplitN(urn, "::", 4)
	if len(fields) < 4 {
		return "", "", urn
	}
	types := strings.Split(fields[2], "$")
	if len(types) > 1 {
		parent = types[len(types)-2]
	}
	return parent, types[len(types)-1], fields[3]
}

// merge adds what another step of the same replacement knows.
func (c *change) merge(other change) {
	c.old, c.new = cmp.Or(c.old, other.old), cmp.Or(c.new, other.new)
	for _, path := range other.forced {
		if !slices.Contains(c.forced, path) {
			c.forced = append(c.forced, path)
		}
	}
	for path, p := range other.paths {
		if _, ok := c.paths[path]; !ok {
			c.paths[path] = p
		}
	}
}

// forcing are the paths that force a replacement: those that the provider names
// or, where it names only properties, those.
func (c change) forcing() []string {
	var paths []string
	for path, p := range c.paths {
		if strings.HasSuffix(p.Kind, "-replace") {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		paths = slices.Clone(c.forced)
	}
	slices.Sort(paths)
	return paths
}

// sorted are the paths of all that changes.
func (c change) sorted() []string { return slices.Sorted(maps.Keys(c.paths)) }

// of are the changes of one kind.
func (p Preview) of(k kind) (changes []change) {
	for _, c := range p.changes {
		if c.kind == k {
			changes = append(changes, c)
		}
	}
	return changes
}

// title is a resource's type and name. Of a type it leaves out what is said
// twice, and that it is AWS's: aws:lambda/function:Function is lambda.Function.
func (c change) title() string {
	typ := c.typ
	if f := strings.Split(c.typ, ":"); len(f) == 3 {
		module, _, _ := strings.Cut(f[1], "/")
		typ = strings.TrimPrefix(f[0]+":"+module+"."+f[2], "aws:")
	}
	return code(typ, name) + " " + code(c.name, name)
}
