package create

// An idempotency key is a lease in the table of items. A create claims it before
// it writes the item, and records the item's id and time in it. If the attempt
// dies, a later attempt with the same key finishes it with exactly the same item.

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
	keyTime = 24 * time.Hour // how long a key is kept

	// lockTime is how long an attempt keeps others out. No attempt can run
	// longer: an HTTP API waits for an integration at most 30 seconds.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	lockTime = 30 * time.Second
)

// The attributes of a key's row besides its lease's. Rows stay in the table for
// a day, so a changed name loses what the release before has written.
const (
	hashAttribute        = "hash"
	itemAttribute        = "itemId"
	itemCreatedAttribute = "itemCreatedAt"
	unsentAttribute      = "untold"
)

// record is the content of an idempotency key's row.
type record struct {
	hash        []byte // SHA-256 of the body
	itemID      string
	createdAt   string
	owner       string // the attempt that may write the item
	done        bool   // the item is written
	unsent      bool   // the item is written and its event was not sent
	lockedUntil time.Time
}

func (r *record) sameBody(hash []byte) bool { return bytes.Equal(r.hash, hash) }

// ledger reads and writes the records of idempotency keys.
type ledger struct{ store *items.Store }

// keyOf returns the Idempotency-Key combined with its caller, because two
// callers may choose the same key. A subject may be long and contain any
// character, so keyOf uses its digest. A caller without a subject has the key
// alone, which never contains #.
func keyOf(subject, key string) string {
	if subject == "" {
		return key
	}
	digest := sha256.Sum256([]byte(subject))
	return key + "#" + base64.RawURLEncoding.EncodeToString(digest[:])
}

// lease returns the lease of a key for an attempt by owner.
func (l ledger) lease(key, owner string) table.Lease {
	return table.Lease{Table: l.store.Table, Key: table.Key("idem#" + key), Owner: owner}
}

// record reads the record of a key. It fails with table.ErrNotFound.
func (l ledger) record(ctx context.Context, key string, now time.Time) (record, error) {
	held, err := l.lease(key, "").Read(ctx, now)
	if err != nil {
		return record{}, err
	}
	r := table.Reader{Row: held.Row}
	found := record{
		hash: r.Bytes(hashAttribute), itemID: r.Text(itemAttribute), createdAt: r.Text(itemCreatedAttribute),
		owner: held.Owner, done: held.Done, lockedUntil: held.LockedUntil,
	}
	_, found.unsent = held.Row[unsentAttribute]
	return found, r.Err
}

// claim claims the key for the attempt that fresh describes. It returns the
// record that is valid afterwards: fresh, the record of a dead attempt that is
// taken over, or a record that is done. It fails with a Problem if another
// attempt is running, or if the key was used with another body.
func (l ledger) claim(ctx context.Context, key string, fresh record, now time.Time) (record, error) {
	lease := l.lease(key, fresh.owner)
	// A turn is repeated after it loses a race to another attempt.
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
			return held, nil // this attempt's write, which the SDK repeated because the response was lost
		case !held.sameBody(fresh.hash):
			return record{}, api.Refuse(api.IdempotencyMismatch, "this Idempotency-Key was used with another body")
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
	return &api.Problem{Code: api.InProgress, Detail: "another request with this Idempotency-Key is in progress", RetryAfter: wait}
}

// claim returns the claim that an attempt writes for the record.
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

// settle ends an attempt whose item is written. sent says whether its event was
// sent.
func (l ledger) settle(ctx context.Context, key, owner string, sent bool) error {
	change := table.Change{Remove: []string{unsentAttribute}}
	if !sent {
		change = table.Change{Set: map[string]types.AttributeValue{unsentAttribute: &types.AttributeValueMemberBOOL{Value: true}}}
	}
	return l.lease(key, owner).Settle(ctx, change)
}

// free ends an attempt whose item is not written, so the next one need not
// wait.
func (l ledger) free(ctx context.Context, key, owner string) error {
	return l.lease(key, owner).Free(ctx, table.Change{})
}
