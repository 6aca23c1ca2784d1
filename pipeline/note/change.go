package note

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// kind is what happens to a resource. The most important kind comes first.
type kind int

const (
	replaced kind = iota
	deleted
	protected // or unprotected: the only change that a step with the operation same can have
	updated
	imported
	created
)

// kinds maps the engine's operations to kinds. All steps of a replacement are
// one replacement. The other operations change nothing in AWS: same, refresh,
// read, discard (forgets a resource that was read), remove-pending-replace.
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
	name     string // the logical name
	parent   string // the type of the component that contains it, or ""
	urn      string
	old, new *state   // nil if unknown
	forced   []string // the properties that force a replacement
	paths    map[string]property
}

// changes returns the changes of all steps, sorted. A replacement appears once.
// Several deletions may have the same URN: an earlier replacement has left
// resources behind.
func (d digest) changes() (changes []change) {
	places := map[string]int{} // index in changes, by kind and URN
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

// parts returns the parts of a URN, urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME.
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

// merge adds the details from another step of the same replacement.
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

// forcing returns the paths that force a replacement. If the provider names no
// paths, forcing returns the properties that it names.
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

// sorted returns the paths of all changes, sorted.
func (c change) sorted() []string { return slices.Sorted(maps.Keys(c.paths)) }

// of returns the changes of one kind.
func (p Preview) of(k kind) (changes []change) {
	for _, c := range p.changes {
		if c.kind == k {
			changes = append(changes, c)
		}
	}
	return changes
}

// title returns a resource's type and name. It shortens the type:
// aws:lambda/function:Function becomes lambda.Function.
func (c change) title() string {
	typ := c.typ
	if f := strings.Split(c.typ, ":"); len(f) == 3 {
		module, _, _ := strings.Cut(f[1], "/")
		typ = strings.TrimPrefix(f[0]+":"+module+"."+f[2], "aws:")
	}
	return code(typ, maxName) + " " + code(c.name, maxName)
}
