package providertest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"skiff/local/engine/provider"
)

// Schema lists the inputs of a resource type in the AWS provider of the version
// that the program uses. Replaces has the inputs that force a new resource,
// Updates the others. An input may have marks, as in an aws tag.
type Schema struct {
	Type     interface{ Replacement() provider.Replacement }
	Replaces string // the inputs that the local cloud has, separated by spaces
	Updates  string

	// DeletedFirst is the input that Pulumi names, "always" or "". See
	// provider.Replacement.
	DeletedFirst string
}

// CheckReplacements compares resource types with the AWS provider's schemas.
func CheckReplacements(t *testing.T, schemas ...Schema) {
	t.Helper()
	words := func(s string) []string { return slices.Sorted(slices.Values(strings.Fields(s))) }
	for _, s := range schemas {
		got := s.Type.Replacement()
		want := provider.Replacement{Token: got.Token, Replaces: words(s.Replaces), Updates: words(s.Updates), DeletedFirst: s.DeletedFirst}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", got.Token, diff)
		}
	}
}
