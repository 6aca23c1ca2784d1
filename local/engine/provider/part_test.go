package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"skiff/local/engine/checkpoint"
	"skiff/local/store"
)

const switchToken = "test:index/switch:Switch"

// A gang is a switch that a lamp may refer to. Its id is random, as in API
// Gateway.
type gang struct {
	Kind string `json:"kind,omitempty" aws:"replace"`
}

// strict makes the fixture refuse two deletes. A lamp with bulbs is refused as
// IAM refuses a role with policies. A switch that a lamp uses as its colour is
// refused as API Gateway refuses an authorizer that a route uses.
func (f *fixture) strict() {
	lamps := f.lamps()
	lamps.Delete = func(_ context.Context, _ Call, r store.Record[lamp]) error {
		bulbs, err := store.List[bulb](f.store, bulbToken)
		for _, b := range bulbs {
			if b.Inputs.Lamp == r.ID {
				return fmt.Errorf("DeleteConflict: the lamp %s has the bulb %s", r.ID, b.ID)
			}
		}
		f.note(&f.deleted, r.ID)
		return err
	}
	f.provider.Add(lamps, &Resource[gang, struct{}]{
		Token: switchToken,
		Delete: func(_ context.Context, _ Call, r store.Record[gang]) error {
			lit, err := store.List[lamp](f.store, lampToken)
			if slices.ContainsFunc(lit, func(l store.Record[lamp]) bool { return l.Inputs.Colour == r.ID }) {
				return errors.New("ConflictException: a lamp uses it")
			}
			return err
		},
	})
}

func bulbURN(name string) string { return prefix + "::" + bulbToken + "::" + name }

// held returns the number of records of each type.
func (f *fixture) held(t *testing.T) string {
	t.Helper()
	counts, err := f.store.Count()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d lamps, %d bulbs, %d fuses, %d switches", counts[lampToken], counts[bulbToken], counts[fuseToken], counts[switchToken])
}

// TestLostParts replaces a lost lamp by one with the same name. The lamp's
// parts are deleted first; a lamp that only refers to it stays.
func TestLostParts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.strict()
	c := f.connect(t)
	f.begin(t, states())
	lost := mustCreate(t, c, lampToken, urn("a"), checkedLamp(t, c, map[string]any{"colour": "red", "room": "hall"}))
	mustCreate(t, c, bulbToken, bulbURN("part"), map[string]any{"lamp": lost.Id, "slot": "arn:slot"})
	mustCreate(t, c, fuseToken, prefix+"::"+fuseToken+"::part of a part", map[string]any{"slot": "arn:slot/fuse"})
	mustCreate(t, c, bulbToken, bulbURN("of another lamp"), map[string]any{"lamp": lost.Id + "-other", "slot": "2"})
	uses := mustCreate(t, c, lampToken, urn("uses it"), map[string]any{"name": "user", "colour": lost.Id})

	f.begin(t, states())
	made := mustCreate(t, c, lampToken, urn("a"), checkedLamp(t, c, map[string]any{"colour": "red", "room": "attic"}))
	if made.Id != lost.Id {
		t.Errorf("the new one is %s, not %s: it needs no other name", made.Id, lost.Id)
	}
	if got := f.held(t); got != "2 lamps, 1 bulbs, 0 fuses, 0 switches" {
		t.Errorf("there are %s", got)
	}
	if got := f.noted(&f.deleted); got != lost.Id+" "+lost.Id {
		t.Errorf("deleted %s; want the bulb of the lamp, then the lamp", got)
	}
	part := mustCreate(t, c, bulbToken, bulbURN("part"), map[string]any{"lamp": made.Id, "slot": "arn:slot"})
	again := mustCreate(t, c, lampToken, urn("uses it"), map[string]any{"name": "user", "colour": lost.Id})
	if again.Properties.AsMap()["uses"] != "c" || again.Id != uses.Id {
		t.Errorf("the lamp that refers to it differs: %v", again)
	}
	f.end(t, states(saved(made.Id),
		checkpoint.Resource{URN: bulbURN("part"), Type: bulbToken, ID: part.Id},
		checkpoint.Resource{URN: urn("uses it"), Type: lampToken, ID: again.Id}))
	if got := f.held(t); got != "2 lamps, 1 bulbs, 0 fuses, 0 switches" {
		t.Errorf("at the end there are %s", got)
	}
}

// TestAdoptedPart adopts a part before its whole. The part is no longer lost,
// so the whole cannot be deleted, as on AWS.
func TestAdoptedPart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.strict()
	c := f.connect(t)
	f.begin(t, states())
	lost := mustCreate(t, c, lampToken, urn("a"), checkedLamp(t, c, map[string]any{"colour": "red", "room": "hall"}))
	part := map[string]any{"lamp": lost.Id, "slot": "1"}
	mustCreate(t, c, bulbToken, bulbURN("part"), part)
	f.begin(t, states())
	mustCreate(t, c, bulbToken, bulbURN("part"), part)
	_, err := create(t, c, lampToken, urn("a"), checkedLamp(t, c, map[string]any{"colour": "red", "room": "attic"}))
	wantError(t, err, "DeleteConflict", lost.Id)
}

// TestLostInUse replaces a lost switch that a saved lamp uses. The switch is
// deleted at the end, when the lamp uses the new one.
func TestLostInUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.strict()
	c := f.connect(t)
	f.begin(t, states())
	switchURN := prefix + "::" + switchToken + "::s"
	lost := mustCreate(t, c, switchToken, switchURN, map[string]any{"kind": "dimmer"})
	mustCreate(t, c, lampToken, urn("a"), map[string]any{"name": "a", "colour": lost.Id})
	f.begin(t, states(saved("a")))
	made := mustCreate(t, c, switchToken, switchURN, map[string]any{"kind": "timer"})
	if got := f.held(t); made.Id == lost.Id || got != "1 lamps, 0 bulbs, 0 fuses, 2 switches" {
		t.Errorf("%s in place of %s; there are %s", made.Id, lost.Id, got)
	}
	l, err := store.Get[lamp](f.store, lampToken, "a")
	if err != nil {
		t.Fatal(err)
	}
	l.Inputs.Colour = made.Id
	if err := store.Put(f.store, lampToken, "a", l); err != nil {
		t.Fatal(err)
	}
	f.end(t, states(saved("a"), checkpoint.Resource{URN: switchURN, Type: switchToken, ID: made.Id}))
	if got := f.held(t); got != "1 lamps, 0 bulbs, 0 fuses, 1 switches" {
		t.Errorf("at the end there are %s", got)
	}
}

// TestOrphansInAnyOrder removes a lamp and its bulb in either order of their
// changes.
func TestOrphansInAnyOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.strict()
	c := f.connect(t)
	f.begin(t, states())
	lost := mustCreate(t, c, lampToken, urn("a"), map[string]any{"name": "a", "colour": "red"})
	mustCreate(t, c, bulbToken, bulbURN("part"), map[string]any{"lamp": lost.Id, "slot": "1"})
	orphans, err := store.Changes(f.store, prefix)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(orphans)
	if err := f.provider.RemoveOrphans(t.Context(), orphans); err != nil {
		t.Error(err)
	}
	if got := f.held(t); !strings.HasPrefix(got, "0 lamps, 0 bulbs") {
		t.Errorf("there are %s", got)
	}
}
