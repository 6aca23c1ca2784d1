package items

import (
	"context"
	"errors"

	"skiff/lambdas/api"
	"skiff/lambdas/event"
	"skiff/lambdas/function"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// API is what the routes of items work with.
type API struct {
	api.API

	// What follows is nil in a function that is started without the part.
	Store        *Store
	Events       Events
	CursorSecret Secret
}

// Events is where the events of items go.
type Events interface {
	Send(context.Context, event.Event) error
}

// Secret is a value that no setting carries.
type Secret interface {
	Value(context.Context) (string, error)
}

// WithTable is the part that reads and writes items.
func WithTable(a *API, e function.Environment) error {
	t, err := table.New(e, names.TableNameVariable)
	a.Store = &Store{t}
	return err
}

// Problem explains the errors of the store.
func (*API) Problem(err error) *api.Problem {
	switch {
	case errors.Is(err, table.ErrNotFound):
		return api.Absent("item")
	case errors.Is(err, ErrVersion):
		return api.Changed("item")
	case errors.Is(err, table.ErrTooLarge):
		return api.Refuse(api.TooLarge, "the item would be larger than 400 KB as stored")
	}
	return nil
}

// Respond is an answer that shows one item.
func Respond(status int, item *Item) (api.Response, error) {
	response, err := api.RespondJSON(status, item)
	if err != nil {
		return api.Response{}, err
	}
	response.Headers["ETag"] = api.ETag(item.Version)
	return response, nil
}

// Tell sends the event of a change that is written, and reports whether it is
// sent. No transaction spans DynamoDB and SQS: an event that cannot be sent
// does not undo the write, nor is it the client's affair, for its item has
// changed. The log holds the whole event instead, so that an operator can send
// it by hand.
func (a *API) Tell(ctx context.Context, r api.Request, e event.Event) bool {
	err := a.Events.Send(ctx, e)
	if err != nil {
		a.Log.Error("event not sent", "requestId", api.RequestID(ctx, r), "error", err.Error(), "event", string(e.JSON()))
	}
	return err == nil
}
