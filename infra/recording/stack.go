package recording

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Resource is one resource that a program registered.
type Resource struct {
	Type      string
	Name      string
	Parent    string         // key of the component it belongs to, "" for none
	Provider  string         // URN::ID of the explicit provider, "" for none
	After     []string       // keys of the resources it depends on, sorted
	Protected bool           // Pulumi refuses to delete it
	Retained  bool           // a destroy leaves it in AWS
	CreatedIn string         // the timeout of its creation, "" for the provider's default
	Hooks     []string       // hooks with their times, such as "before an update NAME"
	Formerly  []string       // its names in earlier versions of the program
	Inputs    map[string]any // as JSON values; an archive is its path
	Outputs   map[string]any // the inputs and the cloud's outputs

	// DeletedFirst reports whether Pulumi deletes the old resource before it
	// creates a replacement.
	DeletedFirst bool
}

// Key returns the resource's type and name, which together are unique in a
// program.
func (r Resource) Key() string { return r.Type + " " + r.Name }

// Stack records one run of a program.
type Stack struct {
	Resources map[string]Resource // by key
	Outputs   map[string]any
	Settings  map[string]string // of the run, by whole key
}

// Of returns the resources of a type, by name.
func (s *Stack) Of(typ string) map[string]Resource {
	found := map[string]Resource{}
	for _, res := range s.Resources {
		if res.Type == typ {
			found[res.Name] = res
		}
	}
	return found
}

// Clone returns a deep copy, which a test may spoil.
func (s *Stack) Clone(t *testing.T) *Stack {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	c := &Stack{}
	if err := json.Unmarshal(text, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// Shape returns for each resource, by key, the paths of its inputs and its
// dependencies: everything except values.
func (s *Stack) Shape() map[string][]string {
	shapes := map[string][]string{}
	for key, res := range s.Resources {
		shapes[key] = append(paths("", res.Inputs), res.After...)
	}
	return shapes
}

func paths(prefix string, m map[string]any) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, prefix+name)
		if nested, ok := m[name].(map[string]any); ok {
			all = append(all, paths(prefix+name+".", nested)...)
		}
	}
	return all
}

// Text returns the content of the stack's golden file. Facts returns the lines
// between a resource's key and its inputs.
func (s *Stack) Text(facts func(Resource) []string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s.Resources)) {
		res := s.Resources[key]
		fmt.Fprintln(&b, key)
		for _, fact := range facts(res) {
			fmt.Fprintln(&b, "  "+fact)
		}
		writeMap(&b, "  ", res.Inputs)
		fmt.Fprintln(&b)
	}
	fmt.Fprintln(&b, "outputs")
	writeMap(&b, "  ", s.Outputs)
	return b.String()
}

// writeMap writes a line for each value and indents nested ones. It expands a
// policy, which is JSON in a string.
func writeMap(b *strings.Builder, indent string, m map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		writeValue(b, indent, name+":", m[name])
	}
}

func writeValue(b *strings.Builder, indent, label string, value any) {
	if text, ok := value.(string); ok && strings.HasPrefix(text, "{") {
		var document map[string]any
		if json.Unmarshal([]byte(text), &document) == nil {
			value = document
		}
	}
	switch v := value.(type) {
	case map[string]any:
		fmt.Fprintf(b, "%s%s\n", indent, label)
		writeMap(b, indent+"  ", v)
	case []any:
		fmt.Fprintf(b, "%s%s\n", indent, label)
		for _, item := range v {
			writeValue(b, indent+"  ", "-", item)
		}
	default:
		fmt.Fprintf(b, "%s%s %v\n", indent, label, v)
	}
}
