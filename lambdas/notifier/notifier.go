// Package notifier is the worker of the queue: it posts each event to every
// WebSocket client.
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
	// recordTime is kept back of the time for posts, to record them.
	recordTime = time.Second

	// beginTime is the least that is left when a message is begun, beyond
	// function.AnswerTime.
	beginTime = 1500 * time.Millisecond
)

// Notifier posts events.
type Notifier struct {
	Connections connections.Table
	Now         func() time.Time
	Random      io.Reader
	Log         *slog.Logger

	poster poster
}

// Open returns what Lambda calls. It fails when a variable is missing.
func Open(e function.Environment) (any, error) {
	n, err := New(e)
	return n.Handle, err
}

// New makes the notifier of this environment. It fails when a variable is
// missing.
func New(e function.Environment) (*Notifier, error) {
	n := &Notifier{Now: time.Now, Random: rand.Reader, Log: e.Log}
	var err error
	if n.Connections, err = connections.Open(e); err != nil {
		return n, err
	}
	n.poster, err = newPoster(e)
	return n, err
}

// Handle takes a batch and returns the messages that failed.
func (n *Notifier) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	r := &round{Notifier: n}
	// One after the other: of two events of one item, the batch has the earlier
	// one first more often than not.
	return worker.Queue(ctx, n.Log, batch, r.take), nil
}

// round is the work on one batch.
type round struct {
	*Notifier
	audience map[string]connections.Connection // by id; nil until a message asks for it
}

// take posts the event of one message. A temporary failure returns the message
// to the queue. A message that is not an event fails until its retries are used
// up.
func (r *round) take(ctx context.Context, m events.SQSMessage) error {
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
		// An attempt does not outlive its invocation.
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
	return r.tell(ctx, c)
}

// tell posts the event to the connections that do not have it, and records which
// have it then.
func (r *round) tell(ctx context.Context, c claim) error {
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

// gather reads the connections once for a batch: a client that connects later
// connects after all of its events.
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

// post posts the event, with time left to record it, and removes connections
// that are gone. A connection that is gone is not a failure; neither is one that
// cannot be removed, because its row expires.
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
			continue // it may be about to open
		}
		delete(r.audience, c.ID)
		if err := r.Connections.Remove(ctx, c.ID); err != nil {
			r.Log.Warn("connection stays in the table", "connectionId", c.ID, "error", err.Error())
		}
	}
	return result
}
