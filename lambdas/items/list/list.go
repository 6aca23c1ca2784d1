// Package list is the handler of GET /items. It returns pages of the items with
// one status, newest first. A signed cursor leads from one page to the next.
package list

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"skiff/lambdas/api"
	"skiff/lambdas/items"
)

const (
	defaultLimit = 20
	maxLimit     = 100
)

// Handle answers with a page. The index is updated after the table, so a new
// item may be missing for a moment. Handle ignores query parameters other than
// status, limit and cursor.
func Handle(ctx context.Context, a *items.API, r api.Request) (api.Response, error) {
	// API Gateway joins repeated parameters with a comma. No valid value of the
	// three contains one, so repeated parameters are refused.
	status, limit, err := parameters(r)
	if err != nil {
		return api.Response{}, err
	}
	keys := keyring{a.CursorSecret}
	var after *position
	if cursor, found := r.QueryStringParameters["cursor"]; found {
		if after, err = keys.position(ctx, cursor, status); err != nil {
			return api.Response{}, err
		}
	}
	p := page{limit: limit, items: []json.RawMessage{}, size: len(`{"items":[`)}
	if err := p.fill(ctx, a.Store, status, after, a.Now()); err != nil {
		return api.Response{}, err
	}
	var cursor string
	if p.next != nil {
		if cursor, err = keys.cursor(ctx, *p.next); err != nil {
			return api.Response{}, err
		}
	}
	return api.RespondJSON(http.StatusOK, struct {
		Items      []json.RawMessage `json:"items"`
		NextCursor string            `json:"nextCursor,omitzero"`
	}{p.items, cursor})
}

func parameters(r api.Request) (status string, limit int, err error) {
	status = r.QueryStringParameters["status"]
	if !items.ValidStatus(status) {
		return "", 0, api.Refuse(api.Validation, "status must be given once, as active, done or archived")
	}
	digits, found := r.QueryStringParameters["limit"]
	if !found {
		return status, defaultLimit, nil
	}
	// Unlike ParseInt, ParseUint accepts no sign.
	n, err := strconv.ParseUint(digits, 10, 8)
	if err != nil || n < 1 || n > maxLimit {
		return "", 0, api.Refuse(api.Validation, "limit must be given once, as a whole number from 1 to %d", maxLimit)
	}
	return status, int(n), nil
}
