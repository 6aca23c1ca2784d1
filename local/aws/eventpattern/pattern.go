package eventpattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Pattern selects events.
type Pattern struct{ root object }

// object is one level of a pattern. All fields must match, and one alternative
// of each $or.
type object struct {
	fields map[string]node
	either [][]object
}

// node is what a field must be: an object, or one of the values.
type node struct {
	object *object
	values []matcher
}

// A matcher matches one value of an event: a string, json.Number, bool, nil, or
// absent for a missing field.
type matcher interface{ match(value any) bool }

// absent is the value of a missing field.
type absent struct{}

// Parse parses a pattern. It refuses the operators in without, such as
// wildcard, which a service does not support.
func Parse(text string, without ...string) (*Pattern, error) {
	tree, err := decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the pattern is not valid JSON: %w", err)
	}
	top, ok := tree.(map[string]any)
	if !ok {
		return nil, errors.New("the pattern is not an object")
	}
	root, err := parseObject("", top, without)
	if err != nil {
		return nil, err
	}
	return &Pattern{*root}, nil
}

// decode parses JSON and keeps numbers as text. It refuses a duplicate name in
// an object.
func decode(data []byte) (any, error) {
	var check jsontext.Value
	if err := jsonv2.Unmarshal(data, &check, jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is text after it")
	}
	return tree, nil
}

func parseObject(path string, in map[string]any, without []string) (*object, error) {
	if len(in) == 0 {
		return nil, fmt.Errorf("%s is an empty object", place(path))
	}
	o := &object{fields: map[string]node{}}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		inner := strings.TrimPrefix(path+"."+name, ".")
		if alternatives, ok := in[name].([]any); ok && name == "$or" && areObjects(alternatives) {
			either, err := parseEither(path, alternatives, without)
			if err != nil {
				return nil, err
			}
			o.either = append(o.either, either)
			continue
		}
		n, err := parseNode(inner, in[name], without)
		if err != nil {
			return nil, err
		}
		o.fields[name] = n
	}
	return o, nil
}

func place(path string) string {
	if path == "" {
		return "the pattern"
	}
	return path
}

func areObjects(list []any) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool { _, ok := e.(map[string]any); return !ok })
}

// parseEither parses the alternatives of $or, at least two.
func parseEither(path string, alternatives []any, without []string) ([]object, error) {
	if slices.Contains(without, "$or") {
		return nil, fmt.Errorf("%s: $or is not an operator of these patterns", place(path))
	}
	if len(alternatives) < 2 {
		return nil, fmt.Errorf("%s: $or has one alternative; it needs two or more", place(path))
	}
	var either []object
	for _, a := range alternatives {
		o, err := parseObject(path, a.(map[string]any), without)
		if err != nil {
			return nil, err
		}
		either = append(either, *o)
	}
	return either, nil
}

func parseNode(path string, in any, without []string) (node, error) {
	switch in := in.(type) {
	case map[string]any:
		o, err := parseObject(path, in, without)
		return node{object: o}, err
	case []any:
		if len(in) == 0 {
			return node{}, fmt.Errorf("%s is an empty list", path)
		}
		var n node
		for _, e := range in {
			m, err := parseMatcher(e, without)
			if err != nil {
				return n, fmt.Errorf("%s: %w", path, err)
			}
			n.values = append(n.values, m)
		}
		return n, nil
	}
	return node{}, fmt.Errorf("%s must be an object or a list of values", path)
}

// Match reports whether an event matches. Only a JSON object can match.
func (p *Pattern) Match(event []byte) bool {
	tree, err := decode(event)
	if err != nil {
		return false
	}
	return p.MatchValue(tree)
}

// MatchValue is Match for a value that encoding/json has decoded, with numbers
// as json.Number.
func (p *Pattern) MatchValue(event any) bool {
	_, ok := event.(map[string]any)
	return ok && p.root.match(event)
}

// Field reports whether a pattern has a top-level field, and whether that field
// is an object.
func (p *Pattern) Field(name string) (named, isObject bool) {
	n, ok := p.root.fields[name]
	return ok, n.object != nil
}

// Fields returns the names of the top-level fields, including those within $or.
func (p *Pattern) Fields() []string {
	return slices.Compact(slices.Sorted(slices.Values(p.root.names())))
}

func (o *object) names() []string {
	names := slices.Collect(maps.Keys(o.fields))
	for _, either := range o.either {
		for i := range either {
			names = append(names, either[i].names()...)
		}
	}
	return names
}

// match reports whether a value matches: an object by its members, a list by
// one of its elements. Any other value has no fields.
func (o *object) match(value any) bool {
	if list, ok := value.([]any); ok && len(list) > 0 {
		return slices.ContainsFunc(list, o.match)
	}
	members, _ := value.(map[string]any)
	for name, n := range o.fields {
		member, ok := members[name]
		if !ok {
			member = absent{}
		}
		if !n.match(member) {
			return false
		}
	}
	for _, either := range o.either {
		if !slices.ContainsFunc(either, func(a object) bool { return a.match(value) }) {
			return false
		}
	}
	return true
}

func (n node) match(value any) bool {
	if n.object != nil {
		return n.object.match(value)
	}
	for _, v := range leaves(value) {
		if slices.ContainsFunc(n.values, func(m matcher) bool { return m.match(v) }) {
			return true
		}
	}
	return false
}

// leaves returns the values of a field, including those in nested lists.
func leaves(value any) []any {
	switch value := value.(type) {
	case []any:
		var all []any
		for _, e := range value {
			if found := leaves(e); len(found) > 1 || len(found) == 1 && found[0] != any(absent{}) {
				all = append(all, found...)
			}
		}
		if len(all) > 0 {
			return all
		}
		return []any{absent{}}
	case map[string]any:
		return []any{absent{}}
	}
	return []any{value}
}
