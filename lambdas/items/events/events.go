// Package events is the part that sends the events of items to the queue. It is
// apart from package items because a function that sends none is built without
// the client of SQS.
package events

import (
	"context"

	"skiff/lambdas/event"
	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/queue"
)

// WithQueue sends the events to the queue at QUEUE_URL. A stack that has no
// consumer has no queue and leaves the variable out: then nothing is sent, and
// nothing fails.
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

// nowhere is where the events go of a stack without a queue.
type nowhere struct{}

func (nowhere) Send(context.Context, event.Event) error { return nil }
