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

// API is what the routes of items need.
type API struct {
	api.API

	// Each of these fields is nil unless its part is given to api.Start.
	Store        *Store
	Events       Events
	CursorSecret Secret
}

// Events sends the events of items.
type Events interface {
	Send(context.Context, event.Event) error
}

// Secret is a secret's value, which is read at run time.
type Secret interface {
	Value(context.Context) (string, error)
}

// WithTable is the part that sets Store.
func WithTable(a *API, e function.Environment) error {
	t, err := table.New(e, names.TableNameVariable)
	a.Store = &Store{t}
	return err
}

// Problem returns the problems for the errors of the store.
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

// Respond returns a response that shows one item.
func Respond(status int, item *Item) (api.Response, error) {
	response, err := api.RespondJSON(status, item)
	if err != nil {
		return api.Response{}, err
	}
	response.Headers["ETag"] = api.ETag(item.Version)
	return response, nil
}

// SendEvent sends the event of a change that is already written, and reports
// whether it succeeded. No transaction spans DynamoDB and SQS. If sending
// fails, the write remains and the client gets its normal answer, because the
// item has changed. SendEvent then logs the whole event, so an operator can
// send it by hand.
func (a *API) SendEvent(ctx context.Context, r api.Request, e event.Event) bool {
	err := a.Events.Send(ctx, e)
	if err != nil {
		a.Log.Error("event not sent", "requestId", api.RequestID(ctx, r), "error", err.Error(), "event", string(e.JSON()))
	}
	return err == nil
}
