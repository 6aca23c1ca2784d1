// Package create is the handler of POST /items.
package create

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/oklog/ulid/v2"

	"skiff/lambdas/api"
	"skiff/lambdas/event"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

const maxKeyChars = 128 // of an Idempotency-Key

// Handle creates an item. Under an Idempotency-Key, a request that its caller
// sends again within a day gets the item of the first.
func Handle(ctx context.Context, a *items.API, r api.Request) (api.Response, error) {
	now := a.Now()
	body, err := api.Body(r)
	if err != nil {
		return api.Response{}, err
	}
	key, keyed := api.Header(r, "Idempotency-Key")
	if keyed && !api.IsToken(key, maxKeyChars) {
		return api.Response{}, api.Refuse(api.Validation, "an Idempotency-Key is 1 to %d of A-Z a-z 0-9 _ -", maxKeyChars)
	}
	draft, err := items.DecodeDraft(body)
	if err != nil {
		return api.Response{}, err
	}
	id, err := ulid.New(ulid.Timestamp(now), a.Random)
	if err != nil {
		return api.Response{}, fmt.Errorf("id: %w", err)
	}
	item := newItem(id.String(), table.Timestamp(now), draft)
	if err := item.CheckSize(); err != nil {
		return api.Response{}, err
	}
	if keyed {
		return createOnce(ctx, a, r, keyOf(api.Subject(r), key), sha256.Sum256(body), item, now)
	}
	if err := draft.CheckTTL(now); err != nil {
		return api.Response{}, err
	}
	// An item that is there already is this very write: the id is new, so the
	// SDK repeated a put whose answer was lost.
	if _, err := put(ctx, a.Store, item); err != nil {
		return api.Response{}, err
	}
	tell(ctx, a, r, item)
	return respond(r, item, false)
}

// tell sends the event of the item's creation, which is the same one however
// often it is sent, and reports whether it went out.
func tell(ctx context.Context, a *items.API, r api.Request, item *items.Item) bool {
	return a.Tell(ctx, r, event.New(event.Created, item.ID, item.Version, item.CreatedAt))
}

func newItem(id, createdAt string, draft items.Draft) *items.Item {
	return &items.Item{ID: id, Draft: draft, CreatedAt: createdAt, UpdatedAt: createdAt, Version: 1}
}

// put writes an item under an id that only its caller knows. It reports whether
// the item was there before: then an earlier try of the same write made it, in
// this invocation or in one that died.
func put(ctx context.Context, s *items.Store, item *items.Item) (existed bool, err error) {
	err = s.Put(ctx, &dynamodb.PutItemInput{
		Item:                     item.Row(),
		ConditionExpression:      aws.String("attribute_not_exists(#id)"),
		ExpressionAttributeNames: map[string]string{"#id": names.KeyAttribute},
	})
	if errors.Is(err, table.ErrCondition) {
		return true, nil
	}
	return false, err
}

// createOnce creates the item under an idempotency key, or answers with the
// one that was created under it: rebuilt from the body, which is the same, and
// what the record holds of it.
func createOnce(ctx context.Context, a *items.API, r api.Request, key string, hash [sha256.Size]byte, item *items.Item, now time.Time) (api.Response, error) {
	keys := ledger{a.Store}
	fresh := record{hash: hash[:], itemID: item.ID, createdAt: item.CreatedAt, owner: item.ID}
	if err := item.CheckTTL(now); err != nil {
		// Sent again, a create may come after its item's ttl: a record decides.
		held, readErr := keys.record(ctx, key, now)
		if readErr != nil || !held.done || !held.sameBody(hash[:]) {
			return api.Response{}, err
		}
		return replay(ctx, a, r, key, held, newItem(held.itemID, held.createdAt, item.Draft))
	}
	held, err := keys.claim(ctx, key, fresh, now)
	if err != nil {
		return api.Response{}, err
	}
	item = newItem(held.itemID, held.createdAt, item.Draft)
	if held.done {
		return replay(ctx, a, r, key, held, item)
	}
	existed, err := put(ctx, a.Store, item)
	if err != nil {
		// The client's next try need not wait for the lock to end.
		if err := keys.free(ctx, key, held.owner); err != nil {
			a.Log.Warn("idempotency key stays locked", "error", err.Error())
		}
		return api.Response{}, err
	}
	// Sent before the record is settled, an event that dies with this attempt
	// is sent by the one that takes over.
	sent := tell(ctx, a, r, item)
	// The item is there, which is what the answer says; with the record left
	// open, the next request with the key finds the item and says the same.
	if err := keys.settle(ctx, key, held.owner, sent); err != nil {
		a.Log.Warn("idempotency key stays open", "error", err.Error())
	}
	return respond(r, item, existed && held.itemID != fresh.itemID)
}

// replay answers for a create that is done. Where its event could not be sent
// then, it is now.
func replay(ctx context.Context, a *items.API, r api.Request, key string, held record, item *items.Item) (api.Response, error) {
	if held.untold && tell(ctx, a, r, item) {
		if err := (ledger{a.Store}).settle(ctx, key, held.owner, true); err != nil {
			a.Log.Warn("idempotency key stays without its event", "error", err.Error())
		}
	}
	return respond(r, item, true)
}

// respond shows the item with where it is found: below the path the client
// used, so that a stage or a base path stays in it.
func respond(r api.Request, item *items.Item, replayed bool) (api.Response, error) {
	response, err := items.Respond(http.StatusCreated, item)
	if err != nil {
		return api.Response{}, err
	}
	location := url.URL{Path: strings.TrimRight(r.RawPath, "/") + "/" + item.ID}
	response.Headers["Location"] = location.EscapedPath()
	if replayed {
		response.Headers["Idempotency-Replayed"] = "true"
	}
	return response, nil
}
