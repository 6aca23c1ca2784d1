// Package update is the handler of PUT /items/{id}.
package update

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"skiff/lambdas/event"
	"skiff/lambdas/items"
)

// Handle replaces the item. What the body does not give, the item loses. An
// absent item is 404 before anything If-Match may say.
func Handle(ctx context.Context, a *items.API, r items.Request) (items.Response, error) {
	now := a.Now()
	id, err := items.ID(r)
	if err != nil {
		return items.Response{}, err
	}
	body, err := items.Body(r)
	if err != nil {
		return items.Response{}, err
	}
	draft, err := items.DecodeDraft(body)
	if err != nil {
		return items.Response{}, err
	}
	if err := draft.CheckTTL(now); err != nil {
		return items.Response{}, err
	}
	// When the item was created is not known here, but every time has the same
	// length, and the size is all that is asked.
	next := items.Item{ID: id, Draft: draft, CreatedAt: items.Timestamp(now), UpdatedAt: items.Timestamp(now)}
	if err := next.CheckSize(); err != nil {
		return items.Response{}, err
	}
	condition, problem := matchOf(r)
	if problem != nil {
		if _, err := a.Store.Item(ctx, id, now); err != nil {
			return items.Response{}, err
		}
		return items.Response{}, problem
	}
	token, err := newToken(a.Random)
	if err != nil {
		return items.Response{}, err
	}
	item, err := replace(ctx, a.Store, write{id: id, match: condition, draft: draft, token: token, now: now})
	if err != nil {
		return items.Response{}, err
	}
	a.Tell(ctx, r, event.New(event.Updated, item.ID, item.Version, item.UpdatedAt))
	return items.RespondItem(http.StatusOK, item)
}

// newToken is a text that no other write has.
func newToken(random io.Reader) (string, error) {
	var token [10]byte
	if _, err := io.ReadFull(random, token[:]); err != nil {
		return "", fmt.Errorf("randomness: %w", err)
	}
	return hex.EncodeToString(token[:]), nil
}
