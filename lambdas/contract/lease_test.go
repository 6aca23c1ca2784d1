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

// lease returns the lease of an attempt. All attempts of a test do the same
// work.
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

// One attempt claims the lease. A later one takes it over and does the work.
// Then the first attempt can no longer write.
func TestLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock()
	a, b, ctx := w.lease("a"), w.lease("b"), t.Context()
	_, err := a.Read(ctx, now)
	w.wantError("before it all", err, table.ErrNotFound)
	w.wantError("a claims", a.Claim(ctx, claimOf(now, 1), now), nil)
	w.wantError("b claims too", b.Claim(ctx, claimOf(now, 1), now), table.ErrCondition)
	held, err := b.Read(ctx, now)
	if err != nil || held.Owner != "a" || held.Done || !held.Locked(now) || held.Locked(now.Add(time.Minute)) {
		t.Errorf("%+v, %v", held, err)
	}
	w.wantError("a frees", a.Free(ctx, table.Change{Add: map[string]types.AttributeValue{"seen": &types.AttributeValueMemberSS{Value: []string{"x", "y"}}}}), nil)
	if held, err = b.Read(ctx, now); err != nil || held.Locked(now) {
		t.Errorf("%+v, %v", held, err)
	}
	if seen := held.Row["seen"].(*types.AttributeValueMemberSS).Value; !slices.Equal(slices.Sorted(slices.Values(seen)), []string{"x", "y"}) {
		t.Errorf("the calls are %v", seen)
	}
	w.wantError("b takes over", b.TakeOver(ctx, "a", now.Add(time.Minute)), nil)
	w.wantError("b takes over again", b.TakeOver(ctx, "a", now.Add(time.Minute)), table.ErrCondition)
	w.wantError("a settles", a.Settle(ctx, table.Change{}), table.ErrCondition)
	w.wantError("a frees", a.Free(ctx, table.Change{}), table.ErrCondition)
	w.wantError("b settles", b.Settle(ctx, table.Change{Set: map[string]types.AttributeValue{"status-of-work": table.Text("fine")}, Remove: []string{"seen"}}), nil)
	held, err = a.Read(ctx, now)
	if err != nil || !held.Done || held.Owner != "b" || held.Locked(now) || held.Row["seen"] != nil || held.Row["status-of-work"] == nil {
		t.Errorf("%+v, %v", held, err)
	}
}

// A claim of a later round replaces the row. Any claim replaces an expired row,
// whether or not its work is done.
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
	held, err := a.Read(ctx, later)
	if err != nil || held.Owner != "a" || held.Done {
		t.Errorf("%+v, %v", held, err)
	}
}
