package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/infra/recording"
)

// TestGolden compares what each of the team's own stacks declares with its
// golden file, which a reviewer reads. After an intended change, or for a new
// stack, run: go test ./bootstrap -update
func TestGolden(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, stack := range ownStacks(t) {
		texts[stack] = recordOwn(t, stack).Text(facts)
	}
	recording.Goldens(t, "testdata", texts, "go test ./bootstrap -update")
}

func TestMain(m *testing.M) { recording.Main(m) }

// TestStacksDifferInValuesOnly checks that accounts have the same resources
// with the same properties.
func TestStacksDifferInValuesOnly(t *testing.T) {
	t.Parallel()
	staging, production := record(t, "staging"), record(t, "production")
	if diff := cmp.Diff(staging.Shape(), production.Shape()); diff != "" {
		t.Errorf("-staging +production:\n%s", diff)
	}
	if staging.Text(facts) == production.Text(facts) {
		t.Error("staging and production are the same")
	}
}
