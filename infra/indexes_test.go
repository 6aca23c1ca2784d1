package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// TestCheckIndexes checks changes of a table's indexes. Each index is written
// as a name and a hash key.
func TestCheckIndexes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, old, next, want string }{
		{"none", "", "", ""},
		{"the same", "a:x b:y", "a:x b:y", ""},
		{"another order", "a:x b:y", "b:y a:x", ""},
		{"one more", "a:x", "a:x b:y", ""},
		{"one less", "a:x b:y", "b:y", ""},
		{"the first", "", "a:x", ""},
		{"the last", "a:x", "", ""},
		{"two more", "", "a:x b:y", "(make a, make b)"},
		{"two less", "a:x b:y", "", "(delete a, delete b)"},
		{"one of another name", "a:x", "b:x", "(delete a, make b)"},
		{"one changed", "a:x b:y", "a:z b:y", "(delete a, make a)"},
		{"two swapped", "a:x b:y", "a:y b:x", "(delete a, make a, delete b, make b)"},
	} {
		err := checkIndexes("items", indexes(tableOf(test.old)), indexes(tableOf(test.next)))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), "the table items would change more than one index "+test.want)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// tableOf returns the inputs of a table with these indexes. The engine adds
// __defaults to old inputs; a change of that is no change of the index.
func tableOf(list string) resource.PropertyMap {
	var all []any
	for i, entry := range strings.Fields(list) {
		name, key, _ := strings.Cut(entry, ":")
		all = append(all, map[string]any{"name": name, "hashKey": key, "__defaults": []any{fmt.Sprint(i)}})
	}
	inputs := map[string]any{"hashKey": "id"}
	if all != nil {
		inputs["globalSecondaryIndexes"] = all
	}
	return resource.NewPropertyMapFromMap(inputs)
}
