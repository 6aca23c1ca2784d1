package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/infra/recording"
)

// TestGolden holds what each of the team's own stacks declares, as text for the
// reviewer of a change. After an intended change, and for a new stack:
// go test ./bootstrap -update
func TestGolden(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, stack := range ownStacks(t) {
		texts[stack] = recordOwn(t, stack).Text(facts)
	}
	recording.Goldens(t, "testdata", texts, "go test ./bootstrap -update")
}

func TestMain(m *testing.M) { recording.Main(m) }

// Accounts differ by values alone: the same resources with the same properties.
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
