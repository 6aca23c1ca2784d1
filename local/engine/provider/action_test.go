package provider

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/store"
)

// lampSteps returns the verbs on one lamp, in order.
func lampSteps(t *testing.T, c pulumirpc.ResourceProviderClient) []struct {
	name string
	do   func() error
} {
	blue := map[string]any{"name": "a", "colour": "blue", "tags": map[string]any{"Team": "x"}}
	red := map[string]any{"name": "a", "colour": "blue", "watts": 5, "tags": map[string]any{"Room": "y"}}
	return []struct {
		name string
		do   func() error
	}{
		{"create", func() error { _, err := create(t, c, lampToken, urn("a"), blue); return err }},
		{"read", func() error {
			_, err := c.Read(t.Context(), &pulumirpc.ReadRequest{Id: "a", Type: lampToken, Urn: urn("a"), Properties: properties(t, blue), Inputs: properties(t, blue)})
			return err
		}},
		{"update", func() error {
			_, err := c.Update(t.Context(), &pulumirpc.UpdateRequest{Id: "a", Type: lampToken, Urn: urn("a"), Olds: properties(t, blue), News: properties(t, red)})
			return err
		}},
		{"delete", func() error {
			_, err := c.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: "a", Type: lampToken, Urn: urn("a"), Properties: properties(t, red)})
			return err
		}},
	}
}

// TestActions compares the actions that a role needs with the type's list. A
// person needs none.
func TestActions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	want := map[string][]Action{
		"create": {{"test:Make", "a", map[string][]string{"test:Colour": {"blue"}}}, {"test:Tag", "a", nil}, {"test:Look", "a", nil}},
		"read":   {{"test:Look", "a", nil}},
		"update": {{"test:Untag", "a", nil}, {"test:Tag", "a", nil}, {"test:Power", "a", nil}, {"test:Look", "a", nil}},
		"delete": {{"test:Break", "a", nil}},
	}
	for _, step := range lampSteps(t, dial(t, f.roleAddr)) {
		f.asked = nil
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		for i := range f.asked {
			if region := f.asked[i].Context["aws:RequestedRegion"]; !cmp.Equal(region, []string{"eu-west-1"}) {
				t.Errorf("%s: %s is asked for in %v", step.name, f.asked[i].Name, region)
			}
			if delete(f.asked[i].Context, "aws:RequestedRegion"); len(f.asked[i].Context) == 0 {
				f.asked[i].Context = nil
			}
		}
		if diff := cmp.Diff(want[step.name], f.asked); diff != "" {
			t.Errorf("%s (-want +got)\n%s", step.name, diff)
		}
	}
	f.asked = nil
	for _, step := range lampSteps(t, f.connect(t)) {
		if err := step.do(); err != nil || len(f.asked) > 0 {
			t.Errorf("a person's %s: %v, asked for %v", step.name, err, f.asked)
		}
	}
}

// TestDenied removes one right at a time. The error names the missing action,
// and the resource does not change.
func TestDenied(t *testing.T) {
	t.Parallel()
	for action, fails := range map[string]string{
		"test:Make": "create", "test:Tag": "create", "test:Untag": "update", "test:Power": "update", "test:Break": "delete",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.denied = action
			for _, step := range lampSteps(t, dial(t, f.roleAddr)) {
				before, err := store.Get[lamp](f.store, lampToken, "a")
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Fatal(err)
				}
				err = step.do()
				if step.name != fails {
					if err != nil {
						t.Fatalf("%s: %v", step.name, err)
					}
					continue
				}
				wantError(t, err, lampToken, "AccessDenied", "deploy/job", action, " on a")
				after, _ := store.Get[lamp](f.store, lampToken, "a")
				if diff := cmp.Diff(before, after); diff != "" || len(f.deleted) > 0 {
					t.Errorf("%s has changed something: %v\n%s", step.name, f.deleted, diff)
				}
				return
			}
			t.Errorf("no step failed")
		})
	}
}

// TestActionsUnknown checks that a role cannot use a type whose actions are
// unknown.
func TestActionsUnknown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := create(t, dial(t, f.roleAddr), fuseToken, "urn:pulumi:dev::test::"+fuseToken+"::x", map[string]any{"slot": "1"})
	wantError(t, err, fuseToken, "does not know which actions")
	p := New(Options{})
	p.Add(f.lamps(), &Resource[fuse, struct{}]{Token: fuseToken})
	if got := p.Unjudged(); len(got) != 1 || got[0] != fuseToken {
		t.Errorf("not known of %v", got)
	}
}
