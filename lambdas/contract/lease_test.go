package contract

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// lease is the right of an attempt to the one piece of work of these tests.
func (w *world) lease(owner string) table.Lease {
	w.t.Helper()
	t, err := table.New(w.environment(patience), names.TableNameVariable)
	if err != nil {
		w.t.Fatal(err)
	}
	return table.Lease{Table: t, Key: table.Key("work#1"), Owner: owner}
}

func (w *world) wantError(what string, got, want error) {
	w.t.Helper()
	if !errors.Is(got, want) || (want == nil && got != nil) {
		w.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func claimOf(now time.Time, round int64) table.Claim {
	return table.Claim{
		Row:   map[string]types.AttributeValue{"round": table.Integer(round)},
		Until: now.Add(time.Minute), Keep: now.Add(time.Hour), Order: "round",
	}
}

// The life of a lease: one attempt has it, a later one takes it over and does
// the work, and what the first would still record is refused.
func TestLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock()
	a, b, ctx := w.lease("a"), w.lease("b"), t.Context()
	_, err := a.Held(ctx, now)
	w.wantError("before it all", err, table.ErrNotFound)
	w.wantError("a claims", a.Claim(ctx, claimOf(now, 1), now), nil)
	w.wantError("b claims too", b.Claim(ctx, claimOf(now, 1), now), table.ErrCondition)
	held, err := b.Held(ctx, now)
	if err != nil || held.Owner != "a" || held.Done || !held.Locked(now) || held.Locked(now.Add(time.Minute)) {
		t.Errorf("%+v, %v", held, err)
	}
	w.wantError("a frees", a.Free(ctx, table.Change{Add: map[string]types.AttributeValue{"seen": &types.AttributeValueMemberSS{Value: []string{"x", "y"}}}}), nil)
	if held, err = b.Held(ctx, now); err != nil || held.Locked(now) {
		t.Errorf("%+v, %v", held, err)
	}
	if seen := held.Row["seen"].(*types.AttributeValueMemberSS).Value; !slices.Equal(slices.Sorted(slices.Values(seen)), []string{"x", "y"}) {
		t.Errorf("seen %v", seen)
	}
	w.wantError("b takes over", b.TakeOver(ctx, "a", now.Add(time.Minute)), nil)
	w.wantError("b takes over again", b.TakeOver(ctx, "a", now.Add(time.Minute)), table.ErrCondition)
	w.wantError("a settles", a.Settle(ctx, table.Change{}), table.ErrCondition)
	w.wantError("a frees", a.Free(ctx, table.Change{}), table.ErrCondition)
	w.wantError("b settles", b.Settle(ctx, table.Change{Set: map[string]types.AttributeValue{"status-of-work": table.Text("fine")}, Remove: []string{"seen"}}), nil)
	held, err = a.Held(ctx, now)
	if err != nil || !held.Done || held.Owner != "b" || held.Locked(now) || held.Row["seen"] != nil || held.Row["status-of-work"] == nil {
		t.Errorf("%+v, %v", held, err)
	}
}

// A row gives way to a later round of the work, and to any claim once it is
// forgotten, done or not.
func TestLeaseGivesWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock()
	a, b, ctx := w.lease("a"), w.lease("b"), t.Context()
	w.wantError("round 2", a.Claim(ctx, claimOf(now, 2), now), nil)
	w.wantError("round 1", b.Claim(ctx, claimOf(now, 1), now), table.ErrCondition)
	w.wantError("round 2 again", b.Claim(ctx, claimOf(now, 2), now), table.ErrCondition)
	w.wantError("round 3", b.Claim(ctx, claimOf(now, 3), now), nil)
	w.wantError("round 3 is done", b.Settle(ctx, table.Change{}), nil)
	unordered := claimOf(now, 4)
	unordered.Order = ""
	w.wantError("without an order", a.Claim(ctx, unordered, now), table.ErrCondition)
	later := now.Add(time.Hour)
	w.wantError("once it is forgotten", a.Claim(ctx, claimOf(later, 1), later), nil)
	held, err := a.Held(ctx, later)
	if err != nil || held.Owner != "a" || held.Done {
		t.Errorf("%+v, %v", held, err)
	}
}
