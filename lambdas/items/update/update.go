// Package update is the handler of PUT /items/{id}.
package update

import (
	"context"
	"net/http"

	"skiff/lambdas/api"
	"skiff/lambdas/event"
	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/table"
)

// Handle replaces the item. An optional member that is not in the body is
// removed from the item. If there is no item, the answer is 404, whatever
// If-Match says.
func Handle(ctx context.Context, a *items.API, r api.Request) (api.Response, error) {
	now := a.Now()
	id, err := items.ID(r)
	if err != nil {
		return api.Response{}, err
	}
	body, err := api.Body(r)
	if err != nil {
		return api.Response{}, err
	}
	draft, err := items.DecodeDraft(body)
	if err != nil {
		return api.Response{}, err
	}
	if err := draft.CheckTTL(now); err != nil {
		return api.Response{}, err
	}
	// createdAt is not known here. CheckSize needs only its length, and all
	// timestamps have the same length.
	next := items.Item{ID: id, Draft: draft, CreatedAt: table.Timestamp(now), UpdatedAt: table.Timestamp(now)}
	if err := next.CheckSize(); err != nil {
		return api.Response{}, err
	}
	match, problem := api.IfMatch(r, "item")
	if problem != nil {
		if _, err := a.Store.Item(ctx, id, now); err != nil {
			return api.Response{}, err
		}
		return api.Response{}, problem
	}
	token, err := function.Nonce(a.Random)
	if err != nil {
		return api.Response{}, err
	}
	item, err := replace(ctx, a.Store, write{id: id, match: match, draft: draft, token: token, now: now})
	if err != nil {
		return api.Response{}, err
	}
	a.SendEvent(ctx, r, event.New(event.Updated, item.ID, item.Version, item.UpdatedAt))
	return items.Respond(http.StatusOK, item)
}
