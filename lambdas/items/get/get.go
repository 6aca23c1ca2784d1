// Package get is the handler of GET /items/{id}.
package get

import (
	"context"
	"net/http"

	"skiff/lambdas/items"
)

// Handle answers with the item. An item past its ttl is 404 like one that
// never was.
func Handle(ctx context.Context, a *items.API, r items.Request) (items.Response, error) {
	id, err := items.ID(r)
	if err != nil {
		return items.Response{}, err
	}
	item, err := a.Store.Item(ctx, id, a.Now())
	if err != nil {
		return items.Response{}, err
	}
	return items.RespondItem(http.StatusOK, item)
}
