package items

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

const maxKeyChars = 128 // of an Idempotency-Key

// Create answers POST /items.
func Create(ctx context.Context, a *API, r Request) (Response, error) {
	now := a.Now()
	body, err := bodyOf(r)
	if err != nil {
		return Response{}, err
	}
	key, keyed := header(r, "Idempotency-Key")
	if keyed && !isToken(key, maxKeyChars) {
		return Response{}, refuse(Validation, "an Idempotency-Key is 1 to %d of A-Z a-z 0-9 _ -", maxKeyChars)
	}
	draft, err := decodeDraft(body)
	if err != nil {
		return Response{}, err
	}
	id, err := ulid.New(ulid.Timestamp(now), a.Random)
	if err != nil {
		return Response{}, fmt.Errorf("id: %w", err)
	}
	item := newItem(id.String(), timestamp(now), draft)
	if rowSize(item.row()) > maxRowBytes {
		return Response{}, ErrTooLarge
	}
	if keyed {
		return a.createOnce(ctx, r, key, sha256.Sum256(body), item, now)
	}
	if err := draft.checkTTL(now); err != nil {
		return Response{}, err
	}
	// An item that stood there already is this very write: the id is new, so
	// the SDK repeated a put whose answer was lost.
	if _, err := a.Store.Create(ctx, item); err != nil {
		return Response{}, err
	}
	return respondCreated(r, item, false)
}

func newItem(id, createdAt string, draft Draft) *Item {
	return &Item{ID: id, Draft: draft, CreatedAt: createdAt, UpdatedAt: createdAt, Version: 1}
}

// createOnce creates the item under an idempotency key, or answers with the
// one that was created under it: rebuilt from the body, which is the same, and
// what the record holds of it.
func (a *API) createOnce(ctx context.Context, r Request, key string, hash [sha256.Size]byte, item *Item, now time.Time) (Response, error) {
	fresh := record{hash: hash[:], itemID: item.ID, createdAt: item.CreatedAt, owner: item.ID}
	if err := item.checkTTL(now); err != nil {
		// Sent again, a create may come after its item's ttl: a record decides.
		held, readErr := a.Store.record(ctx, key, now)
		if readErr != nil || !held.done || !held.sameBody(hash[:]) {
			return Response{}, err
		}
		return respondCreated(r, newItem(held.itemID, held.createdAt, item.Draft), true)
	}
	held, err := a.Store.claim(ctx, key, fresh, now)
	if err != nil {
		return Response{}, err
	}
	item = newItem(held.itemID, held.createdAt, item.Draft)
	if held.done {
		return respondCreated(r, item, true)
	}
	stood, err := a.Store.Create(ctx, item)
	if err != nil {
		// The client's next try need not wait for the lock to end.
		if err := a.Store.settle(ctx, key, held.owner, false); err != nil {
			a.Log.Warn("idempotency key stays locked", "error", err.Error())
		}
		return Response{}, err
	}
	// The item is there, which is what the answer says; with the record left
	// open, the next request with the key finds the item and says the same.
	if err := a.Store.settle(ctx, key, held.owner, true); err != nil {
		a.Log.Warn("idempotency key stays open", "error", err.Error())
	}
	return respondCreated(r, item, stood && held.itemID != fresh.itemID)
}

// respondCreated shows the item with where it is found: below the path the
// client used, so that a stage or a base path stays in it.
func respondCreated(r Request, item *Item, replayed bool) (Response, error) {
	response, err := respondItem(http.StatusCreated, item)
	if err != nil {
		return Response{}, err
	}
	location := url.URL{Path: strings.TrimRight(r.RawPath, "/") + "/" + item.ID}
	response.Headers["Location"] = location.EscapedPath()
	if replayed {
		response.Headers["Idempotency-Replayed"] = "true"
	}
	return response, nil
}
