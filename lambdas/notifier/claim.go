package notifier

// SQS delivers a message at least once, and in any order. For each item, a row
// in the table of connections records the version of the latest event, which
// worker posts it, and which connections have received it. The row is a lease
// that a worker claims before its first post. So an event that arrives twice is
// posted once. An event that arrives after a later one is not posted: a client
// that has version 3 must not replace it with version 2.
//
// A worker that dies while it posts has not recorded which connections it
// reached. They receive the event a second time, with the same id.

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/event"
	"skiff/lambdas/table"
)

const (
	// claimTime is how long a row is kept. SQS keeps a message for at most 14
	// days.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	claimTime = 15 * 24 * time.Hour

	// lockTime is how long a claim lasts if the invocation has no deadline.
	lockTime = time.Minute
)

// The attributes of a claim's row besides its lease's.
const (
	versionAttribute = "version"
	servedAttribute  = "served" // ids of connections
)

// Errors of newClaim: why the event is not posted now.
var (
	errDone       = errors.New("already posted")
	errOutdated   = errors.New("a later change is already posted")
	errInProgress = errors.New("another worker is posting it")
)

// claim is a worker's right to post one event.
type claim struct {
	table.Lease
	event  event.Event
	served map[string]bool // ids of connections that received it in an earlier attempt
}

// newClaim claims the event for owner until a time. It fails with errDone,
// errOutdated or errInProgress.
func newClaim(ctx context.Context, t *table.Table, e event.Event, owner string, now, until time.Time) (claim, error) {
	c := claim{event: e, Lease: table.Lease{Table: t, Key: table.KindKey("event", e.ItemID), Owner: owner}}
	err := c.Claim(ctx, table.Claim{
		Row:   map[string]types.AttributeValue{versionAttribute: table.Integer(e.Version)},
		Until: until, Keep: now.Add(claimTime), Order: versionAttribute,
	}, now)
	if !errors.Is(err, table.ErrCondition) {
		return c, err
	}
	held, err := c.Read(ctx, now)
	if errors.Is(err, table.ErrNotFound) {
		return c, errInProgress // it has just expired: try again later
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
		return c, errInProgress // the row has changed since Claim failed
	case held.Owner == owner:
		return c, nil // this attempt's write, which the SDK repeated because the response was lost
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

// settle records that every connection has the event. It succeeds if a later
// event has taken over the row.
func (c claim) settle(ctx context.Context) error {
	return unlessLost(c.Settle(ctx, table.Change{Remove: []string{servedAttribute}}))
}

// free ends the claim's lock and records which connections have the event. The
// next attempt posts it only to the others.
func (c claim) free(ctx context.Context, served []string) error {
	var change table.Change
	if len(served) > 0 {
		change.Add = map[string]types.AttributeValue{servedAttribute: &types.AttributeValueMemberSS{Value: served}}
	}
	return unlessLost(c.Free(ctx, change))
}

// unlessLost returns nil for the error of a claim that has lost its row, and
// err otherwise.
func unlessLost(err error) error {
	if errors.Is(err, table.ErrCondition) {
		return nil
	}
	return err
}
