package create

// An idempotency key is a record in the items' table. It is claimed before the
// item is written and holds the item's id and time from then on, so an attempt
// that died anywhere between is finished by a later one with the very same
// item. Conditional writes do all of it: a transaction would cost twice as
// much, and the claim must be seen before the item exists anyway.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
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
	untoldAttribute      = "untold"
	lockAttribute        = "lockedUntil" // Unix milliseconds
)

// record is what an idempotency key stands for.
type record struct {
	hash        []byte // SHA-256 of the body
	itemID      string
	createdAt   string
	owner       string // the attempt that may write the item
	done        bool   // the item is written
	untold      bool   // and its event was not sent
	lockedUntil int64  // Unix milliseconds
}

func (r *record) sameBody(hash []byte) bool { return bytes.Equal(r.hash, hash) }

// ledger is the table, as the keeper of the records.
type ledger struct{ store *items.Store }

// keyOf is a caller's Idempotency-Key among those of all callers: two callers
// may choose the same one. A subject may be long and hold any character, so its
// digest stands for it; a caller without a subject has the bare key, which
// holds no #.
func keyOf(subject, key string) string {
	if subject == "" {
		return key
	}
	digest := sha256.Sum256([]byte(subject))
	return key + "#" + base64.RawURLEncoding.EncodeToString(digest[:])
}

func recordID(key string) string { return "idem#" + key }

// record reads the record of a key. It fails with table.ErrNotFound.
func (l ledger) record(ctx context.Context, key string, now time.Time) (record, error) {
	row, err := l.store.Row(ctx, table.Key(recordID(key)), now)
	if err != nil {
		return record{}, err
	}
	r := table.Reader{Row: row}
	found := record{
		hash: r.Bytes(hashAttribute), itemID: r.Text(itemAttribute), createdAt: r.Text(itemCreatedAttribute),
		owner: r.Text(ownerAttribute), lockedUntil: r.Integer(lockAttribute),
	}
	_, found.done = row[doneAttribute]
	_, found.untold = row[untoldAttribute]
	return found, r.Err
}

// claim makes the key the attempt's, which fresh describes, and returns the
// record that holds from then on: the fresh one, one taken over from an
// attempt that died, or one that is done. It fails with a Problem when another
// attempt is under way or another body came under the key.
func (l ledger) claim(ctx context.Context, key string, fresh record, now time.Time) (record, error) {
	// Each turn but the last lost a race, to an attempt that went on from there.
	for range 4 {
		err := l.putRecord(ctx, key, fresh, now)
		if err == nil {
			return fresh, nil
		}
		if !errors.Is(err, table.ErrCondition) {
			return record{}, err
		}
		held, err := l.record(ctx, key, now)
		switch {
		case errors.Is(err, table.ErrNotFound):
			continue
		case err != nil:
			return record{}, err
		case held.owner == fresh.owner:
			return held, nil // own write, repeated by the SDK after its answer was lost
		case !held.sameBody(fresh.hash):
			return record{}, api.Refuse(api.IdempotencyMismatch, "another body was sent with this Idempotency-Key")
		case held.done:
			return held, nil
		case now.UnixMilli() < held.lockedUntil:
			return record{}, inProgress(time.UnixMilli(held.lockedUntil).Sub(now))
		}
		err = l.takeOver(ctx, key, held.owner, fresh.owner, now)
		if err == nil {
			held.owner = fresh.owner
			return held, nil
		}
		if !errors.Is(err, table.ErrCondition) {
			return record{}, err
		}
	}
	return record{}, inProgress(time.Second)
}

func inProgress(wait time.Duration) *api.Problem {
	return &api.Problem{Code: api.InProgress, Detail: "a request with this Idempotency-Key is under way", RetryAfter: wait}
}

// putRecord writes the record of a key that has none, or an expired one.
func (l ledger) putRecord(ctx context.Context, key string, r record, now time.Time) error {
	return l.store.Put(ctx, &dynamodb.PutItemInput{
		Item: map[string]types.AttributeValue{
			names.KeyAttribute:   table.Text(recordID(key)),
			hashAttribute:        &types.AttributeValueMemberB{Value: r.hash},
			itemAttribute:        table.Text(r.itemID),
			itemCreatedAttribute: table.Text(r.createdAt),
			ownerAttribute:       table.Text(r.owner),
			lockAttribute:        table.Integer(now.Add(lockTime).UnixMilli()),
			names.TTLAttribute:   table.Integer(now.Add(keyTime).Unix()),
		},
		ConditionExpression:       aws.String("attribute_not_exists(#id) OR #ttl <= :now"),
		ExpressionAttributeNames:  map[string]string{"#id": names.KeyAttribute, "#ttl": names.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": table.Integer(now.Unix())},
	})
}

// takeOver makes the record another attempt's.
func (l ledger) takeOver(ctx context.Context, key, from, to string, now time.Time) error {
	return l.updateRecord(ctx, key, from, "SET #owner = :to, #lock = :until",
		map[string]string{"#lock": lockAttribute},
		map[string]types.AttributeValue{":to": table.Text(to), ":until": table.Integer(now.Add(lockTime).UnixMilli())})
}

// settle ends an attempt whose item is written, its event sent or not.
func (l ledger) settle(ctx context.Context, key, owner string, sent bool) error {
	update := "SET #done = :true, #untold = :true"
	if sent {
		update = "SET #done = :true REMOVE #untold"
	}
	return l.updateRecord(ctx, key, owner, update, map[string]string{"#done": doneAttribute, "#untold": untoldAttribute},
		map[string]types.AttributeValue{":true": &types.AttributeValueMemberBOOL{Value: true}})
}

// free ends an attempt whose item is not written, and its lock.
func (l ledger) free(ctx context.Context, key, owner string) error {
	return l.updateRecord(ctx, key, owner, "SET #lock = :now", map[string]string{"#lock": lockAttribute},
		map[string]types.AttributeValue{":now": table.Integer(0)})
}

// updateRecord changes a record that still is the owner's.
func (l ledger) updateRecord(ctx context.Context, key, owner, update string, aliases map[string]string, values map[string]types.AttributeValue) error {
	aliases["#owner"], values[":owner"] = ownerAttribute, table.Text(owner)
	_, err := l.store.Update(ctx, &dynamodb.UpdateItemInput{
		Key:              table.Key(recordID(key)),
		UpdateExpression: &update, ConditionExpression: aws.String("#owner = :owner"),
		ExpressionAttributeNames: aliases, ExpressionAttributeValues: values,
	})
	return err
}
