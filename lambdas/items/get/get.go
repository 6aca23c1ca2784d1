// Package get is the handler of GET /items/{id}.
package get

import (
	"context"
	"net/http"

	"skiff/lambdas/api"
	"skiff/lambdas/items"
)

// Handle answers with the item. An item that has expired or never existed is a
// 404.
func Handle(ctx context.Context, a *items.API, r api.Request) (api.Response, error) {
	id, err := items.ID(r)
	if err != nil {
		return api.Response{}, err
	}
	item, err := a.Store.Item(ctx, id, a.Now())
	if err != nil {
		return api.Response{}, err
	}
	return items.Respond(http.StatusOK, item)
}
