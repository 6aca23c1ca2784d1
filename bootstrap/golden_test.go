package main

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGolden holds what each stack declares, as text for the reviewer of a
// change. After an intended change: go test ./bootstrap -update
func TestGolden(t *testing.T) {
	t.Parallel()
	update := flag.Lookup("update").Value.String() == "true"
	for _, stack := range []string{"staging", "production"} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			got := record(t, stack).text()
			path := filepath.Join("testdata", stack+".golden")
			if update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s is not what is declared now (-want +got); if that is intended, go test ./bootstrap -update\n%s", path, diff)
			}
		})
	}
}

// TestMain adds -update; a flag cannot be added by a test.
func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	os.Exit(m.Run())
}

// Accounts differ by values alone: the same resources with the same properties.
func TestStacksDifferInValuesOnly(t *testing.T) {
	t.Parallel()
	staging, production := record(t, "staging"), record(t, "production")
	if diff := cmp.Diff(shape(staging), shape(production)); diff != "" {
		t.Errorf("-staging +production:\n%s", diff)
	}
	if staging.text() == production.text() {
		t.Error("staging and production are the same")
	}
}

// shape is every resource with the paths of its properties.
func shape(r *recording) map[string][]string {
	shapes := map[string][]string{}
	for key, res := range r.resources {
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
