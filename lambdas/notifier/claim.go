package notifier

// SQS delivers a message at least once, and in any order. What was told of an
// item is a row beside the connections: the version that the latest event
// gave it, who tells of it now, and who has heard it already. The row is
// claimed before a client hears anything, so an event that comes twice is told
// once, and one that comes after a later one not at all: a client that heard
// of version 3 must not take version 2 for what the item is.
//
// A worker that dies while it posts has not recorded whom it reached: those
// hear the event a second time, under the same id.

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/event"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

const (
	// claimTime is how long a row is kept: longer than SQS keeps a message.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	claimTime = 15 * 24 * time.Hour

	// lockTime is for an invocation that has no deadline.
	lockTime = time.Minute
)

// The attributes of a claim beyond the table's keys.
const (
	versionAttribute = "version"
	ownerAttribute   = "owner"
	lockAttribute    = "lockedUntil" // Unix milliseconds
	doneAttribute    = "done"
	servedAttribute  = "served" // ids of connections
)

// Why an event is not told now.
var (
	errDone       = errors.New("told already")
	errOutdated   = errors.New("a later change is told already")
	errInProgress = errors.New("another worker tells it now")
)

// claim is the right to tell of one event.
type claim struct {
	event  event.Event
	owner  string          // this attempt alone
	served map[string]bool // who has heard it from an earlier attempt
}

// ledger is the table, as the keeper of the claims.
type ledger struct{ *table.Table }

func (c claim) key() map[string]types.AttributeValue { return table.KindKey("event", c.event.ItemID) }

// claim makes the event the owner's until a time. It fails with one of the
// errors above.
func (l ledger) claim(ctx context.Context, e event.Event, owner string, now, until time.Time) (claim, error) {
	c := claim{event: e, owner: owner}
	err := l.first(ctx, c, now, until)
	if !errors.Is(err, table.ErrCondition) {
		return c, err
	}
	row, err := l.Row(ctx, c.key(), now)
	if errors.Is(err, table.ErrNotFound) {
		return c, errInProgress // it was there a moment ago: try again later
	}
	if err != nil {
		return c, err
	}
	r := table.Reader{Row: row}
	version, held, locked := r.Integer(versionAttribute), r.Text(ownerAttribute), r.Integer(lockAttribute)
	_, done := row[doneAttribute]
	switch {
	case r.Err != nil:
		return c, r.Err
	case version > e.Version:
		return c, errOutdated
	case version < e.Version:
		return c, errInProgress // so it is since this very moment
	case held == owner:
		return c, nil // own write, repeated by the SDK after its answer was lost
	case done:
		return c, errDone
	case now.UnixMilli() < locked:
		return c, errInProgress
	}
	c.served = map[string]bool{}
	if served, ok := row[servedAttribute].(*types.AttributeValueMemberSS); ok {
		for _, id := range served.Value {
			c.served[id] = true
		}
	}
	return c, l.again(ctx, c, held, until)
}

// first claims an event of which nobody has heard.
func (l ledger) first(ctx context.Context, c claim, now, until time.Time) error {
	row := c.key()
	row[versionAttribute] = table.Integer(c.event.Version)
	row[ownerAttribute] = table.Text(c.owner)
	row[lockAttribute] = table.Integer(until.UnixMilli())
	row[names.TTLAttribute] = table.Integer(now.Add(claimTime).Unix())
	return l.Put(ctx, &dynamodb.PutItemInput{
		Item:                row,
		ConditionExpression: aws.String("attribute_not_exists(#id) OR #version < :version OR #ttl <= :now"),
		ExpressionAttributeNames: map[string]string{
			"#id": names.KeyAttribute, "#version": versionAttribute, "#ttl": names.TTLAttribute,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":version": table.Integer(c.event.Version), ":now": table.Integer(now.Unix()),
		},
	})
}

// again takes the event over from an attempt that failed or died.
func (l ledger) again(ctx context.Context, c claim, from string, until time.Time) error {
	err := l.update(ctx, c, from, "SET #owner = :to, #lock = :until", map[string]string{"#lock": lockAttribute},
		map[string]types.AttributeValue{":to": table.Text(c.owner), ":until": table.Integer(until.UnixMilli())})
	if errors.Is(err, table.ErrCondition) {
		return errInProgress
	}
	return err
}

// settle ends the claim: everyone has heard the event.
func (l ledger) settle(ctx context.Context, c claim) error {
	err := l.update(ctx, c, c.owner, "SET #done = :true REMOVE #served", map[string]string{"#done": doneAttribute, "#served": servedAttribute},
		map[string]types.AttributeValue{":true": &types.AttributeValueMemberBOOL{Value: true}})
	if errors.Is(err, table.ErrCondition) {
		return nil // a later event has the row: this one is over, too
	}
	return err
}

// free ends the claim's lock, and keeps who has heard the event, so that the
// next attempt tells the others alone.
func (l ledger) free(ctx context.Context, c claim, served []string) error {
	update, aliases := "SET #lock = :now", map[string]string{"#lock": lockAttribute}
	values := map[string]types.AttributeValue{":now": table.Integer(0)}
	if len(served) > 0 {
		update += " ADD #served :served"
		aliases["#served"], values[":served"] = servedAttribute, &types.AttributeValueMemberSS{Value: served}
	}
	err := l.update(ctx, c, c.owner, update, aliases, values)
	if errors.Is(err, table.ErrCondition) {
		return nil
	}
	return err
}

// update changes a claim's row while it is the owner's.
func (l ledger) update(ctx context.Context, c claim, owner, update string, aliases map[string]string, values map[string]types.AttributeValue) error {
	aliases["#owner"], values[":owner"] = ownerAttribute, table.Text(owner)
	_, err := l.Update(ctx, &dynamodb.UpdateItemInput{
		Key:              c.key(),
		UpdateExpression: &update, ConditionExpression: aws.String("#owner = :owner"),
		ExpressionAttributeNames: aliases, ExpressionAttributeValues: values,
	})
	return err
}
