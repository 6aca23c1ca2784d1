package create

// An idempotency key is a lease in the items' table. It is claimed before the
// item is written and holds the item's id and time from then on, so an attempt
// that died anywhere between is finished by a later one with the very same
// item.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/table"
)

const (
	keyTime = 24 * time.Hour // how long a key is remembered

	// lockTime is how long an attempt keeps others out. No attempt outlives
	// it: an HTTP API gives an integration at most 30 seconds.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	lockTime = 30 * time.Second
)

// The attributes of a record beyond those of its lease.
const (
	hashAttribute        = "hash"
	itemAttribute        = "itemId"
	itemCreatedAttribute = "itemCreatedAt"
	untoldAttribute      = "untold"
)

// record is what the row of an idempotency key says.
type record struct {
	hash        []byte // SHA-256 of the body
	itemID      string
	createdAt   string
	owner       string // the attempt that may write the item
	done        bool   // the item is written
	untold      bool   // and its event was not sent
	lockedUntil time.Time
}

func (r *record) sameBody(hash []byte) bool { return bytes.Equal(r.hash, hash) }

// ledger keeps the records.
type ledger struct{ store *items.Store }

// keyOf makes a caller's Idempotency-Key unique: two callers may choose the same
// one. A subject may be long and hold any character, so its
// digest stands for it; a caller without a subject has the bare key, which
// holds no #.
func keyOf(subject, key string) string {
	if subject == "" {
		return key
	}
	digest := sha256.Sum256([]byte(subject))
	return key + "#" + base64.RawURLEncoding.EncodeToString(digest[:])
}

// lease is the key's, for an attempt of the owner.
func (l ledger) lease(key, owner string) table.Lease {
	return table.Lease{Table: l.store.Table, Key: table.Key("idem#" + key), Owner: owner}
}

// record reads the record of a key. It fails with table.ErrNotFound.
func (l ledger) record(ctx context.Context, key string, now time.Time) (record, error) {
	held, err := l.lease(key, "").Held(ctx, now)
	if err != nil {
		return record{}, err
	}
	r := table.Reader{Row: held.Row}
	found := record{
		hash: r.Bytes(hashAttribute), itemID: r.Text(itemAttribute), createdAt: r.Text(itemCreatedAttribute),
		owner: held.Owner, done: held.Done, lockedUntil: held.LockedUntil,
	}
	_, found.untold = held.Row[untoldAttribute]
	return found, r.Err
}

// claim makes the key the attempt's, which fresh describes, and returns the
// record that holds from then on: the fresh one, one taken over from an
// attempt that died, or one that is done. It fails with a Problem when another
// attempt is under way or another body came under the key.
func (l ledger) claim(ctx context.Context, key string, fresh record, now time.Time) (record, error) {
	lease := l.lease(key, fresh.owner)
	// Each turn but the last lost a race, to an attempt that went on from there.
	for range 4 {
		err := lease.Claim(ctx, fresh.claim(now), now)
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
		case now.Before(held.lockedUntil):
			return record{}, inProgress(held.lockedUntil.Sub(now))
		}
		err = lease.TakeOver(ctx, held.owner, now.Add(lockTime))
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

// claim is the record as an attempt writes it.
func (r record) claim(now time.Time) table.Claim {
	return table.Claim{
		Row: map[string]types.AttributeValue{
			hashAttribute:        &types.AttributeValueMemberB{Value: r.hash},
			itemAttribute:        table.Text(r.itemID),
			itemCreatedAttribute: table.Text(r.createdAt),
		},
		Until: now.Add(lockTime), Keep: now.Add(keyTime),
	}
}

// settle ends an attempt whose item is written, its event sent or not.
func (l ledger) settle(ctx context.Context, key, owner string, sent bool) error {
	change := table.Change{Remove: []string{untoldAttribute}}
	if !sent {
		change = table.Change{Set: map[string]types.AttributeValue{untoldAttribute: &types.AttributeValueMemberBOOL{Value: true}}}
	}
	return l.lease(key, owner).Settle(ctx, change)
}

// free ends an attempt whose item is not written, and its lock.
func (l ledger) free(ctx context.Context, key, owner string) error {
	return l.lease(key, owner).Free(ctx, table.Change{})
}
