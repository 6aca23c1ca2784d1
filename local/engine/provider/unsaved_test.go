package provider

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/engine/checkpoint"
	"skiff/local/store"
)

// prefix begins the URNs of these tests.
const prefix = "urn:pulumi:dev::test"

// states returns a State with the saved resources.
func states(resources ...checkpoint.Resource) State {
	return func() ([]checkpoint.Resource, error) { return resources, nil }
}

func saved(id string) checkpoint.Resource {
	return checkpoint.Resource{URN: urn("a"), Type: lampToken, ID: id}
}

// begin begins a command. If one is unfinished, it counts as killed.
func (f *fixture) begin(t *testing.T, state State) (stale []string) {
	t.Helper()
	stale, err := f.provider.o.Unsaved.Begin(t.Context(), prefix, state, false)
	if err != nil {
		t.Fatal(err)
	}
	return stale
}

// end ends a complete command.
func (f *fixture) end(t *testing.T, state State) {
	t.Helper()
	orphans, err := f.provider.o.Unsaved.End(t.Context(), prefix, state, true)
	if err == nil {
		err = f.provider.RemoveOrphans(t.Context(), orphans)
	}
	if err != nil {
		t.Fatal(err)
	}
	if left, err := store.Changes(f.store, prefix); err != nil || len(left) > 0 {
		t.Errorf("changes are left: %v, %v", left, err)
	}
}

// checkedLamp returns the checked inputs of a lamp.
func checkedLamp(t *testing.T, c pulumirpc.ResourceProviderClient, in map[string]any) map[string]any {
	t.Helper()
	r, err := c.Check(t.Context(), &pulumirpc.CheckRequest{Type: lampToken, Urn: urn("a"), Name: "a", News: properties(t, in), RandomSeed: []byte(t.Name())})
	if err != nil || len(r.Failures) > 0 {
		t.Fatal(err, r)
	}
	return r.Inputs.AsMap()
}

// TestLostCreation creates a lamp, loses it, and creates it again with other
// inputs. It then compares what the cloud holds.
func TestLostCreation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		again   map[string]any
		same    bool   // the id is the lost one's
		uses    string // in the record's State
		deleted int
	}{
		{"as it was", map[string]any{"colour": "red"}, true, "c", 0},
		{"changed", map[string]any{"colour": "blue"}, true, "cu", 0},
		{"other tags", map[string]any{"colour": "red", "tags": map[string]any{"a": "b"}}, true, "cu", 0},
		{"replaced", map[string]any{"colour": "red", "room": "hall"}, true, "c", 1},
		{"another name", map[string]any{"colour": "red", "name": "mine"}, false, "c", 1},
		{"no longer", nil, false, "", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			c := f.connect(t)
			f.begin(t, states())
			lost := mustCreate(t, c, lampToken, urn("a"), checkedLamp(t, c, map[string]any{"colour": "red"}))
			if stale := f.begin(t, states()); len(stale) > 0 {
				t.Errorf("stale %v", stale)
			}
			var state []checkpoint.Resource
			if test.again != nil {
				made := mustCreate(t, c, lampToken, urn("a"), checkedLamp(t, c, test.again))
				state = append(state, saved(made.Id))
				if uses := made.Properties.AsMap()["uses"]; (made.Id == lost.Id) != test.same || uses != test.uses {
					t.Errorf("%s, after %s, with %q", made.Id, lost.Id, uses)
				}
			}
			f.end(t, states(state...))
			held, err := store.List[lamp](f.store, lampToken)
			if err != nil || len(held) != len(state) || len(f.deleted) != test.deleted {
				t.Errorf("%d lamps, deleted %v, %v", len(held), f.deleted, err)
			}
			f.begin(t, states(state...))
			f.end(t, states(state...))
			if held, _ := store.List[lamp](f.store, lampToken); len(held) != len(state) {
				t.Errorf("%d lamps after one more command", len(held))
			}
		})
	}
}

// TestStale changes and deletes a saved resource.
func TestStale(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.connect(t)
	red, blue := map[string]any{"name": "a", "colour": "red"}, map[string]any{"name": "a", "colour": "blue"}
	f.begin(t, states())
	mustCreate(t, c, lampToken, urn("a"), red)
	// The engine saved the state, but was killed before End.
	if stale := f.begin(t, states(saved("a"))); len(stale) > 0 {
		t.Errorf("after the create: stale %v", stale)
	}
	steps := []struct {
		name string
		do   func() error
	}{
		{"update", func() error {
			_, err := c.Update(t.Context(), &pulumirpc.UpdateRequest{Id: "a", Type: lampToken, Urn: urn("a"), Olds: properties(t, red), News: properties(t, blue)})
			return err
		}},
		{"delete", func() error {
			_, err := c.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: "a", Type: lampToken, Urn: urn("a"), Properties: properties(t, blue)})
			return err
		}},
		{"create at the same place", func() error { _, err := create(t, c, lampToken, urn("a"), red); return err }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(step.name, err)
		}
		if stale := f.begin(t, states(saved("a"))); !slices.Equal(stale, []string{urn("a")}) {
			t.Errorf("%s: stale %v", step.name, stale)
		}
	}
	if stale, err := f.provider.o.Unsaved.Begin(t.Context(), prefix, states(saved("a")), true); err != nil || len(stale) > 0 {
		t.Errorf("after a refresh: %v, %v", stale, err)
	}
	f.end(t, states(saved("a")))
}

// TestLostUnderRole checks that adopting a resource needs the rights of its
// creation. Without them the resource does not change.
func TestLostUnderRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.begin(t, states())
	mustCreate(t, f.connect(t), lampToken, urn("a"), map[string]any{"name": "a", "colour": "red"})
	f.begin(t, states())
	f.denied = "test:Make"
	_, err := create(t, dial(t, f.roleAddr), lampToken, urn("a"), map[string]any{"name": "a", "colour": "blue"})
	wantError(t, err, "AccessDenied", "test:Make")
	if held, err := store.Get[lamp](f.store, lampToken, "a"); err != nil || held.Inputs.Colour != "red" {
		t.Errorf("it is %v, %v", held, err)
	}
}

// TestBegun kills a create that may have left something outside the store. A
// new create gets the same name; without one, Delete is called.
func TestBegun(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{true, false} {
		f := newFixture(t)
		c := f.connect(t)
		f.begin(t, states())
		in := checkedLamp(t, c, map[string]any{"colour": "fail"})
		if _, err := create(t, c, lampToken, urn("a"), in); err == nil {
			t.Fatal("no error")
		}
		f.begin(t, states())
		var state []checkpoint.Resource
		if again {
			made := mustCreate(t, c, lampToken, urn("a"), checkedLamp(t, c, map[string]any{"colour": "red"}))
			if made.Id != in["name"] {
				t.Errorf("it is %s, after %v", made.Id, in["name"])
			}
			state = append(state, saved(made.Id))
		}
		f.end(t, states(state...))
		if !again && !slices.Equal(f.deleted, []string{in["name"].(string)}) || again && len(f.deleted) > 0 {
			t.Errorf("again: %t, deleted %v", again, f.deleted)
		}
	}
}

// TestBeginWaits checks that Begin waits for the operations of a killed engine.
func TestBeginWaits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.hold, f.entered = make(chan struct{}), make(chan struct{})
	f.begin(t, states())
	c := f.connect(t)
	done := make(chan error, 1)
	go func() {
		_, err := create(t, c, lampToken, urn("a"), map[string]any{"name": "a", "colour": "red"})
		done <- err
	}()
	<-f.entered
	short, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no time"))
	if _, err := f.provider.o.Unsaved.Begin(short, prefix, states(), false); err == nil || err.Error() != "no time" {
		t.Errorf("it does not wait: %v", err)
	}
	close(f.hold)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.begin(t, states())
	if got := slices.Collect(maps.Keys(f.provider.o.Unsaved.stacks[prefix].lost)); len(got) != 1 || !strings.HasSuffix(got[0], urn("a")) {
		t.Errorf("lost %v", got)
	}
}

// TestOtherStacks checks that the resources of other stacks do not change.
func TestOtherStacks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.connect(t)
	other := strings.Replace(urn("b"), "dev", "other", 1)
	mustCreate(t, c, lampToken, other, map[string]any{"name": "b", "colour": "red"})
	f.begin(t, states())
	f.end(t, states())
	held, err := store.List[lamp](f.store, lampToken)
	if err != nil || len(held) != 1 {
		t.Errorf("%v, %v", held, err)
	}
	left, err := store.Changes(f.store, prefixOf(other))
	if err != nil || len(left) != 1 {
		t.Fatalf("%v, %v", left, err)
	}
	if diff := cmp.Diff([]string{"b", other}, []string{left[0].ID, left[0].URN}); diff != "" {
		t.Error(diff)
	}
}
