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

// Handle creates an item. A request that repeats a caller's Idempotency-Key
// within a day gets the first request's item.
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
	// The id is new. So an item that exists was written by this request: the
	// SDK repeated a put whose response was lost.
	if _, err := put(ctx, a.Store, item); err != nil {
		return api.Response{}, err
	}
	sendCreated(ctx, a, r, item)
	return respond(r, item, false)
}

// sendCreated sends the event of the item's creation and reports whether it
// succeeded. The event has the same id each time it is sent.
func sendCreated(ctx context.Context, a *items.API, r api.Request, item *items.Item) bool {
	return a.SendEvent(ctx, r, event.New(event.Created, item.ID, item.Version, item.CreatedAt))
}

func newItem(id, createdAt string, draft items.Draft) *items.Item {
	return &items.Item{ID: id, Draft: draft, CreatedAt: createdAt, UpdatedAt: createdAt, Version: 1}
}

// put writes an item whose id no other request knows. It reports whether the
// item existed: an earlier try of the same request has written it, in this
// invocation or in one that died.
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

// createOnce creates the item under an idempotency key. If the key has an item
// already, createOnce answers with that item, which it rebuilds from the body
// and the record.
func createOnce(ctx context.Context, a *items.API, r api.Request, key string, hash [sha256.Size]byte, item *items.Item, now time.Time) (api.Response, error) {
	keys := ledger{a.Store}
	fresh := record{hash: hash[:], itemID: item.ID, createdAt: item.CreatedAt, owner: item.ID}
	if err := item.CheckTTL(now); err != nil {
		// A create may be repeated after its item's ttl. It succeeds if the
		// record has its item.
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
		// The client's next try need not wait for the end of the lock.
		if err := keys.free(ctx, key, held.owner); err != nil {
			a.Log.Warn("idempotency key stays locked", "error", err.Error())
		}
		return api.Response{}, err
	}
	// The event is sent before the record is settled. If this attempt dies in
	// between, the attempt that takes over sends the event.
	sent := sendCreated(ctx, a, r, item)
	// The item is written, so the answer is a success even if the record is not
	// settled. The next request with the key finds the item and gets the same
	// answer.
	if err := keys.settle(ctx, key, held.owner, sent); err != nil {
		a.Log.Warn("idempotency key stays open", "error", err.Error())
	}
	return respond(r, item, existed && held.itemID != fresh.itemID)
}

// replay answers a repeated create with the item. If the event was not sent
// before, replay sends it now.
func replay(ctx context.Context, a *items.API, r api.Request, key string, held record, item *items.Item) (api.Response, error) {
	if held.unsent && sendCreated(ctx, a, r, item) {
		if err := (ledger{a.Store}).settle(ctx, key, held.owner, true); err != nil {
			a.Log.Warn("idempotency key stays without its event", "error", err.Error())
		}
	}
	return respond(r, item, true)
}

// respond returns a response that shows the item. Location is below the path
// that the client used, so it keeps a stage or a base path.
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
