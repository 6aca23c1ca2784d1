// Package events is the part that sends the events of items to the queue. It is
// separate from package items so that functions that send no events are built
// without the SQS client.
package events

import (
	"context"

	"skiff/lambdas/event"
	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/queue"
)

// WithQueue sets Events to the queue at QUEUE_URL. A stack whose queue has no
// consumer does not set this variable. Then Send does nothing and succeeds.
func WithQueue(a *items.API, e function.Environment) error {
	if e.Getenv(names.QueueURLVariable) == "" {
		a.Events = nowhere{}
		return nil
	}
	q, err := queue.Open(e, names.QueueURLVariable)
	a.Events = sender{q}
	return err
}

// sender sends each event as one message.
type sender struct{ queue *queue.Queue }

func (s sender) Send(ctx context.Context, e event.Event) error {
	return s.queue.Send(ctx, string(e.JSON()))
}

// nowhere drops the events of a stack without a queue.
type nowhere struct{}

func (nowhere) Send(context.Context, event.Event) error { return nil }
