package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/infra/recording"
)

// TestGolden holds what each of the team's own stacks declares, as text for the
// reviewer of a change. After an intended change, and for a new stack:
// go test ./infra -update
func TestGolden(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for stack, rec := range ownStacks(t, newIssuer) {
		texts[stack] = rec.Text(facts)
	}
	recording.Goldens(t, "testdata", texts, "go test ./infra -update")
}

// shapeOf is the stack's shape with the place of a domain in the settings for its
// name, which is a value.
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

// Stages differ by values alone: the same resources with the same properties.
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
