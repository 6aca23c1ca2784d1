package items

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
)

// Update answers PUT /items/{id}: it replaces the item. What the body does not
// give, the item loses. An absent item is 404 before anything If-Match may say.
func Update(ctx context.Context, a *API, r Request) (Response, error) {
	now := a.Now()
	id, err := idOf(r)
	if err != nil {
		return Response{}, err
	}
	body, err := bodyOf(r)
	if err != nil {
		return Response{}, err
	}
	draft, err := decodeDraft(body)
	if err != nil {
		return Response{}, err
	}
	if err := draft.checkTTL(now); err != nil {
		return Response{}, err
	}
	next := Item{ID: id, Draft: draft, CreatedAt: timestamp(now), UpdatedAt: timestamp(now)}
	if rowSize(next.row()) > maxRowBytes {
		return Response{}, ErrTooLarge
	}
	version, problem := versionOf(r)
	if problem != nil {
		if _, err := a.Store.Item(ctx, id, now); err != nil {
			return Response{}, err
		}
		return Response{}, problem
	}
	write, err := a.token()
	if err != nil {
		return Response{}, err
	}
	item, err := a.Store.Update(ctx, id, version, draft, write, now)
	if err != nil {
		return Response{}, err
	}
	return respondItem(http.StatusOK, item)
}

// token is a text that no other write has.
func (a *API) token() (string, error) {
	var random [10]byte
	if _, err := io.ReadFull(a.Random, random[:]); err != nil {
		return "", fmt.Errorf("randomness: %w", err)
	}
	return hex.EncodeToString(random[:]), nil
}

// Delete answers DELETE /items/{id}.
func Delete(ctx context.Context, a *API, r Request) (Response, error) {
	id, err := idOf(r)
	if err != nil {
		return Response{}, err
	}
	if err := a.Store.Delete(ctx, id, a.Now()); err != nil {
		return Response{}, err
	}
	return respond(http.StatusNoContent, nil), nil
}
