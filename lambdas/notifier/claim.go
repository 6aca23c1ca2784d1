package notifier

// SQS delivers a message at least once, and in any order. A row beside the
// connections says which events of an item were posted: the version of the
// latest one, who posts it now, and which connections have it already. The row
// is a lease that is claimed before the first post, so an event that comes
// twice is posted once, and an event that comes after a later one is not
// posted: a client that knows version 3 must not take version 2 for the item.
//
// A worker that dies while it posts has not recorded which connections it
// reached: those get the event a second time, under the same id.

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/event"
	"skiff/lambdas/table"
)

const (
	// claimTime is how long a row is kept: longer than SQS keeps a message.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	claimTime = 15 * 24 * time.Hour

	// lockTime is for an invocation that has no deadline.
	lockTime = time.Minute
)

// The attributes of a claim beyond those of its lease.
const (
	versionAttribute = "version"
	servedAttribute  = "served" // ids of connections
)

// Why an event is not posted now.
var (
	errDone       = errors.New("posted already")
	errOutdated   = errors.New("a later change is posted already")
	errInProgress = errors.New("another worker posts it now")
)

// claim is the right to post one event.
type claim struct {
	table.Lease
	event  event.Event
	served map[string]bool // ids of connections that have it from an earlier attempt
}

// newClaim claims the event for the owner, until a time. It fails with one of
// the errors above.
func newClaim(ctx context.Context, t *table.Table, e event.Event, owner string, now, until time.Time) (claim, error) {
	c := claim{event: e, Lease: table.Lease{Table: t, Key: table.KindKey("event", e.ItemID), Owner: owner}}
	err := c.Claim(ctx, table.Claim{
		Row:   map[string]types.AttributeValue{versionAttribute: table.Integer(e.Version)},
		Until: until, Keep: now.Add(claimTime), Order: versionAttribute,
	}, now)
	if !errors.Is(err, table.ErrCondition) {
		return c, err
	}
	held, err := c.Held(ctx, now)
	if errors.Is(err, table.ErrNotFound) {
		return c, errInProgress // it was there a moment ago: try again later
	}
	if err != nil {
		return c, err
	}
	r := table.Reader{Row: held.Row}
	version := r.Integer(versionAttribute)
	switch {
	case r.Err != nil:
		return c, r.Err
	case version > e.Version:
		return c, errOutdated
	case version < e.Version:
		return c, errInProgress // the row changed since this attempt met it
	case held.Owner == owner:
		return c, nil // own write, repeated by the SDK after its answer was lost
	case held.Done:
		return c, errDone
	case held.Locked(now):
		return c, errInProgress
	}
	c.served = map[string]bool{}
	if served, ok := held.Row[servedAttribute].(*types.AttributeValueMemberSS); ok {
		for _, id := range served.Value {
			c.served[id] = true
		}
	}
	if err = c.TakeOver(ctx, held.Owner, until); errors.Is(err, table.ErrCondition) {
		err = errInProgress
	}
	return c, err
}

// settle ends the claim: every connection has the event. A later event may have
// the row by now: then this one is over, too.
func (c claim) settle(ctx context.Context) error {
	return unlessLost(c.Settle(ctx, table.Change{Remove: []string{servedAttribute}}))
}

// free ends the claim's lock and records which connections have the event, so
// that the next attempt posts it to the others alone.
func (c claim) free(ctx context.Context, served []string) error {
	var change table.Change
	if len(served) > 0 {
		change.Add = map[string]types.AttributeValue{servedAttribute: &types.AttributeValueMemberSS{Value: served}}
	}
	return unlessLost(c.Free(ctx, change))
}

// unlessLost drops the error of a claim whose row another attempt has.
func unlessLost(err error) error {
	if errors.Is(err, table.ErrCondition) {
		return nil
	}
	return err
}
