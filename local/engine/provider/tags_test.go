package provider

import (
	"maps"
	"reflect"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// tagged returns a connection with default tags.
func tagged(t *testing.T, f *fixture, tags map[string]any) pulumirpc.ResourceProviderClient {
	t.Helper()
	c := f.connect(t)
	args := map[string]any{"defaultTags": map[string]any{"tags": tags}}
	if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: properties(t, args)}); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaultTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := tagged(t, f, map[string]any{"Project": "project", "Stack": "dev"})
	inputs := map[string]any{"name": "a", "colour": "red", "tags": map[string]any{"Stack": "mine", "Own": "x"}}
	want := map[string]any{"Project": "project", "Stack": "mine", "Own": "x"}
	wantTags := func(what string, outputs map[string]any, want map[string]any) {
		t.Helper()
		if !reflect.DeepEqual(outputs[tagsAllKey], any(want)) {
			t.Errorf("%s: all tags are %v, want %v", what, outputs[tagsAllKey], want)
		}
	}
	planned, err := c.Create(t.Context(), &pulumirpc.CreateRequest{Type: lampToken, Urn: urn("a"), Properties: properties(t, inputs), Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	wantTags("preview", planned.Properties.AsMap(), want)
	created := mustCreate(t, c, lampToken, urn("a"), inputs).Properties.AsMap()
	wantTags("create", created, want)
	if own := created["tags"]; !reflect.DeepEqual(own, inputs["tags"]) {
		t.Errorf("its own tags became %v", own)
	}

	inputs["tags"] = map[string]any{"Own": "y"}
	updated, err := c.Update(t.Context(), &pulumirpc.UpdateRequest{Type: lampToken, Urn: urn("a"), Id: "a", News: properties(t, inputs)})
	if err != nil {
		t.Fatal(err)
	}
	want = map[string]any{"Project": "project", "Stack": "dev", "Own": "y"}
	wantTags("update", updated.Properties.AsMap(), want)
	// The tags are stored in the record: the default tags of the reading
	// connection do not matter.
	found, err := f.connect(t).Read(t.Context(), &pulumirpc.ReadRequest{Type: lampToken, Id: "a"})
	if err != nil {
		t.Fatal(err)
	}
	wantTags("read", found.Properties.AsMap(), want)

	unknownTags := map[string]any{"name": "b", "colour": "red", "tags": unknownValue}
	planned, err = c.Create(t.Context(), &pulumirpc.CreateRequest{Type: lampToken, Urn: urn("b"), Properties: properties(t, unknownTags), Preview: true})
	if err != nil || planned.Properties.AsMap()[tagsAllKey] != unknownValue {
		t.Errorf("preview of tags that are not known yet: %v, %v", planned, err)
	}
	bulb := mustCreate(t, c, bulbToken, urn("c"), map[string]any{"lamp": "a", "slot": "1"})
	plannedBulb, err := c.Create(t.Context(), &pulumirpc.CreateRequest{Type: bulbToken, Urn: urn("d"), Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, untagged := range []*pulumirpc.CreateResponse{bulb, plannedBulb} {
		if _, has := untagged.Properties.AsMap()[tagsAllKey]; has {
			t.Errorf("a type without tags has %v", untagged.Properties)
		}
	}
}

// TestDiffOfDefaultTags checks that a changed default tag changes a resource
// with equal inputs.
func TestDiffOfDefaultTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	inputs := map[string]any{"name": "a", "colour": "red", "tags": map[string]any{"Own": "x"}}
	outputs := maps.Clone(inputs)
	outputs[tagsAllKey] = map[string]any{"Own": "x", "Stack": "dev"}
	for _, test := range []struct {
		tags map[string]any
		want bool
	}{
		{map[string]any{"Stack": "dev"}, false},
		{map[string]any{"Stack": "dev", "Own": "y"}, false},
		{map[string]any{"Stack": "qa"}, true},
		{map[string]any{}, true},
	} {
		response, err := tagged(t, f, test.tags).Diff(t.Context(), &pulumirpc.DiffRequest{
			Type: lampToken, Urn: urn("a"), OldInputs: properties(t, inputs), Olds: properties(t, outputs), News: properties(t, inputs),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, reported := response.DetailedDiff[tagsAllKey]
		if changed := response.Changes == pulumirpc.DiffResponse_DIFF_SOME; changed != test.want || reported != test.want || len(response.Replaces) > 0 {
			t.Errorf("with %v: %v", test.tags, response)
		}
	}
}
