package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/infra/recording"
)

// TestGolden compares what each of the team's own stacks declares with its
// golden file, which a reviewer reads. After an intended change, or for a new
// stack, run: go test ./infra -update
func TestGolden(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for stack, rec := range ownStacks(t) {
		texts[stack] = rec.Text(facts)
	}
	recording.Goldens(t, "testdata", texts, "go test ./infra -update")
}

// shapeOf returns the stack's shape. It replaces the name of a domain, which is
// a value, by its position in the settings.
func shapeOf(s *recording.Stack) map[string][]string {
	var names []string
	for i, d := range namedDomains(s.Settings) {
		names = append(names, d.domain, fmt.Sprint("domain ", i))
	}
	places, all := strings.NewReplacer(names...), map[string][]string{}
	for key, paths := range s.Shape() {
		for i := range paths {
			paths[i] = places.Replace(paths[i])
		}
		all[places.Replace(key)] = paths
	}
	return all
}

// TestStagesDifferInValuesOnly checks that stages have the same resources with
// the same properties.
func TestStagesDifferInValuesOnly(t *testing.T) {
	t.Parallel()
	staging, production := record(t, "staging"), record(t, "production")
	if diff := cmp.Diff(shapeOf(staging), shapeOf(production)); diff != "" {
		t.Errorf("-staging +production:\n%s", diff)
	}
	if staging.Text(facts) == production.Text(facts) {
		t.Error("staging and production are the same")
	}
}
