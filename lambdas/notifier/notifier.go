// Package notifier is the function that consumes the queue. It posts each event
// to every WebSocket client.
package notifier

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/connections"
	"skiff/lambdas/event"
	"skiff/lambdas/function"
	"skiff/lambdas/worker"
)

const (
	// recordTime is reserved before the deadline to record the result of the
	// posts.
	recordTime = time.Second

	// beginTime is the least time in which a message is handled, besides
	// function.AnswerTime. With less, the message returns to the queue.
	beginTime = 1500 * time.Millisecond
)

// Notifier posts events to WebSocket clients.
type Notifier struct {
	Connections connections.Table
	Now         func() time.Time
	Random      io.Reader
	Log         *slog.Logger

	poster poster
}

// Open returns the handler that Lambda invokes. It fails when a variable is
// missing.
func Open(e function.Environment) (any, error) {
	n, err := New(e)
	return n.Handle, err
}

// New returns a notifier. It fails when a variable is missing.
func New(e function.Environment) (*Notifier, error) {
	n := &Notifier{Now: time.Now, Random: rand.Reader, Log: e.Log}
	var err error
	if n.Connections, err = connections.Open(e); err != nil {
		return n, err
	}
	n.poster, err = newPoster(e)
	return n, err
}

// Handle handles a batch and returns the messages that failed.
func (n *Notifier) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	r := &round{Notifier: n}
	// Not in parallel: most often, a batch has the earlier of two events of an
	// item first.
	return worker.Queue(ctx, n.Log, batch, r.handle), nil
}

// round handles one batch.
type round struct {
	*Notifier
	audience map[string]connections.Connection // by id; nil until the first event is posted
}

// handle posts the event of one message. A temporary failure returns the
// message to the queue. A message that is not an event fails until its retries
// are used up.
func (r *round) handle(ctx context.Context, m events.SQSMessage) error {
	e, err := decode(m.Body)
	if err != nil {
		return err
	}
	owner, err := function.Nonce(r.Random)
	if err != nil {
		return err
	}
	now := r.Now()
	until := now.Add(lockTime)
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left < beginTime {
			return worker.ErrLate
		}
		// An attempt ends with its invocation at the latest.
		until = now.Add(left + function.AnswerTime)
	}
	c, err := newClaim(ctx, r.Connections.Table, e, owner, now, until)
	switch {
	case errors.Is(err, errDone), errors.Is(err, errOutdated):
		r.Log.Info("event dropped", "messageId", m.MessageId, "eventId", e.ID, "reason", err.Error())
		return nil
	case err != nil:
		return err
	}
	return r.deliver(ctx, c)
}

// deliver posts the event to the connections that do not have it, and records
// which connections have it afterwards.
func (r *round) deliver(ctx context.Context, c claim) error {
	result := posted{}
	err := r.gather(ctx)
	if err == nil {
		var to []connections.Connection
		for id, connection := range r.audience {
			if !c.served[id] {
				to = append(to, connection)
			}
		}
		result = r.post(ctx, to, c.event)
		err = result.err
	}
	r.Log.Info("event", "eventId", c.event.ID, "type", string(c.event.Type), "served", len(result.served), "gone", len(result.gone), "failed", result.failed)
	if err == nil {
		return c.settle(ctx)
	}
	if err := c.free(ctx, result.served); err != nil {
		r.Log.Warn("event stays locked", "eventId", c.event.ID, "error", err.Error())
	}
	return fmt.Errorf("posts failed to %d of %d: %w", result.failed, result.failed+len(result.served), err)
}

// gather reads the connections, once for a batch. A client that connects later
// does not miss an event: it connects after all changes of the batch.
func (r *round) gather(ctx context.Context) error {
	if r.audience != nil {
		return nil
	}
	all, err := r.Connections.All(ctx, r.Now())
	if err != nil {
		return err
	}
	r.audience = make(map[string]connections.Connection, len(all))
	for _, c := range all {
		r.audience[c.ID] = c
	}
	return nil
}

// post posts the event and deletes connections that have ended. It leaves time
// to record the result. A connection that has ended is not a failure. If its
// row cannot be deleted, the row expires.
func (r *round) post(ctx context.Context, to []connections.Connection, e event.Event) posted {
	posting := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		posting, cancel = context.WithDeadline(ctx, deadline.Add(-recordTime))
		defer cancel()
	}
	result := r.poster.post(posting, to, e.JSON())
	for _, c := range result.gone {
		if r.Now().Sub(c.Since) < openTime {
			continue // the connection may not be open yet
		}
		delete(r.audience, c.ID)
		if err := r.Connections.Remove(ctx, c.ID); err != nil {
			r.Log.Warn("connection stays in the table", "connectionId", c.ID, "error", err.Error())
		}
	}
	return result
}
