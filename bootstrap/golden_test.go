package main

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/infra/recording"
)

// TestGolden holds what each stack declares, as text for the reviewer of a
// change. After an intended change: go test ./bootstrap -update
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, stack := range stacks() {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			recording.Golden(t, filepath.Join("testdata", stack+".golden"), record(t, stack).Text(facts), "go test ./bootstrap -update")
		})
	}
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
