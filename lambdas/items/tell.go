package items

import (
	"context"

	"skiff/lambdas/event"
)

// Tell sends the event of a change that is written, and reports whether it
// went out. No transaction spans DynamoDB and SQS: an event that cannot be
// sent does not undo the write, nor does the client hear of it, for its item
// has changed. The event goes to the log instead, whole, so that an operator
// can send it by hand.
func (a *API) Tell(ctx context.Context, r Request, e event.Event) bool {
	err := a.Events.Send(ctx, e)
	if err != nil {
		a.Log.Error("event not sent", "requestId", requestID(ctx, r), "error", err.Error(), "event", string(e.JSON()))
	}
	return err == nil
}
