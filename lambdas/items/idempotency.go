package items

// An idempotency key is a record in the items' table. It is claimed before the
// item is written and holds the item's id and time from then on, so an attempt
// that died anywhere between is finished by a later one with the very same
// item. Conditional writes do all of it: a transaction would cost twice as
// much, and the claim must be seen before the item exists anyway.

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas"
)

const (
	keyTime = 24 * time.Hour // how long a key is remembered

	// lockTime is how long an attempt keeps others out. No attempt outlives
	// it: an HTTP API gives an integration at most 30 seconds.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	lockTime = 30 * time.Second
)

// The attributes of a record beyond the table's keys.
const (
	hashAttribute        = "hash"
	itemAttribute        = "itemId"
	itemCreatedAttribute = "itemCreatedAt"
	ownerAttribute       = "owner"
	doneAttribute        = "done"
	lockAttribute        = "lockedUntil" // Unix milliseconds
)

// record is what an idempotency key stands for.
type record struct {
	hash        []byte // SHA-256 of the body
	itemID      string
	createdAt   string
	owner       string // the attempt that may write the item
	done        bool   // the item is written
	lockedUntil int64  // Unix milliseconds
}

func (r *record) sameBody(hash []byte) bool { return bytes.Equal(r.hash, hash) }

func recordID(key string) string { return "idem#" + key }

// record reads the record of a key. It fails with ErrNotFound.
func (s *Store) record(ctx context.Context, key string, now time.Time) (record, error) {
	row, err := s.row(ctx, recordID(key), now)
	if err != nil {
		return record{}, err
	}
	r := reader{row: row}
	found := record{
		hash: r.bytes(hashAttribute), itemID: r.text(itemAttribute), createdAt: r.text(itemCreatedAttribute),
		owner: r.text(ownerAttribute), lockedUntil: r.integer(lockAttribute),
	}
	_, found.done = row[doneAttribute]
	return found, r.err
}

// claim makes the key the attempt's, which fresh describes, and returns the
// record that holds from then on: the fresh one, one taken over from an
// attempt that died, or one that is done. It fails with a Problem when another
// attempt is under way or another body came under the key.
func (s *Store) claim(ctx context.Context, key string, fresh record, now time.Time) (record, error) {
	// Each turn but the last lost a race, to an attempt that went on from there.
	for range 4 {
		err := s.putRecord(ctx, key, fresh, now)
		if err == nil {
			return fresh, nil
		}
		if !errors.Is(err, errCondition) {
			return record{}, err
		}
		held, err := s.record(ctx, key, now)
		switch {
		case errors.Is(err, ErrNotFound):
			continue
		case err != nil:
			return record{}, err
		case held.owner == fresh.owner:
			return held, nil // own write, repeated by the SDK after its answer was lost
		case !held.sameBody(fresh.hash):
			return record{}, refuse(IdempotencyMismatch, "another body was sent with this Idempotency-Key")
		case held.done:
			return held, nil
		case now.UnixMilli() < held.lockedUntil:
			return record{}, inProgress(time.UnixMilli(held.lockedUntil).Sub(now))
		}
		err = s.takeOver(ctx, key, held.owner, fresh.owner, now)
		if err == nil {
			held.owner = fresh.owner
			return held, nil
		}
		if !errors.Is(err, errCondition) {
			return record{}, err
		}
	}
	return record{}, inProgress(time.Second)
}

func inProgress(wait time.Duration) *Problem {
	return &Problem{Code: InProgress, Detail: "a request with this Idempotency-Key is under way", RetryAfter: wait}
}

// putRecord writes the record of a key that has none, or an expired one.
func (s *Store) putRecord(ctx context.Context, key string, r record, now time.Time) error {
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.table,
		Item: map[string]types.AttributeValue{
			lambdas.KeyAttribute: text(recordID(key)),
			hashAttribute:        &types.AttributeValueMemberB{Value: r.hash},
			itemAttribute:        text(r.itemID),
			itemCreatedAttribute: text(r.createdAt),
			ownerAttribute:       text(r.owner),
			lockAttribute:        integer(now.Add(lockTime).UnixMilli()),
			lambdas.TTLAttribute: integer(now.Add(keyTime).Unix()),
		},
		ConditionExpression:       aws.String("attribute_not_exists(#id) OR #ttl <= :now"),
		ExpressionAttributeNames:  map[string]string{"#id": lambdas.KeyAttribute, "#ttl": lambdas.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": integer(now.Unix())},
	})
	return storeError(ctx, "PutItem", err)
}

// takeOver makes the record another attempt's.
func (s *Store) takeOver(ctx context.Context, key, from, to string, now time.Time) error {
	return s.updateRecord(ctx, key, from, "SET #owner = :to, #lock = :until",
		map[string]string{"#lock": lockAttribute},
		map[string]types.AttributeValue{":to": text(to), ":until": integer(now.Add(lockTime).UnixMilli())})
}

// settle ends an attempt: its item is written, or it is not and the lock ends.
func (s *Store) settle(ctx context.Context, key, owner string, done bool) error {
	if done {
		return s.updateRecord(ctx, key, owner, "SET #done = :true", map[string]string{"#done": doneAttribute},
			map[string]types.AttributeValue{":true": &types.AttributeValueMemberBOOL{Value: true}})
	}
	return s.updateRecord(ctx, key, owner, "SET #lock = :now", map[string]string{"#lock": lockAttribute},
		map[string]types.AttributeValue{":now": integer(0)})
}

// updateRecord changes a record that still is the owner's.
func (s *Store) updateRecord(ctx context.Context, key, owner, update string, names map[string]string, values map[string]types.AttributeValue) error {
	names["#owner"], values[":owner"] = ownerAttribute, text(owner)
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: map[string]types.AttributeValue{lambdas.KeyAttribute: text(recordID(key))},
		UpdateExpression: &update, ConditionExpression: aws.String("#owner = :owner"),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	})
	return storeError(ctx, "UpdateItem", err)
}
