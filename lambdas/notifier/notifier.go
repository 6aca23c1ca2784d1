// Package notifier is the worker of the queue: it tells every WebSocket client
// of each event.
package notifier

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/connections"
	"skiff/lambdas/event"
	"skiff/lambdas/function"
)

const (
	// answerTime is kept back of an invocation's time for the answer, and
	// recordTime before it to record what was done.
	answerTime = 500 * time.Millisecond
	recordTime = time.Second

	// beginTime is the least that is left when a message is begun.
	beginTime = 2 * time.Second
)

// errLate says that an invocation has no time left for a message.
var errLate = errors.New("no time left")

// Notifier tells of events.
type Notifier struct {
	Connections connections.Table
	Now         func() time.Time
	Random      io.Reader
	Log         *slog.Logger

	poster poster
}

// Open makes what Lambda calls. It fails when a variable is missing.
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

// Handle takes a batch and answers with the messages that failed: those come
// again, and in the end to the dead-letter queue, and the others do not.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func (n *Notifier) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	w := &worker{Notifier: n}
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	// One after the other: of two events of one item, the batch has the earlier
	// one first more often than not.
	for _, m := range batch.Records {
		if err := w.take(ctx, m); err != nil {
			n.Log.Error("message failed", "messageId", m.MessageId, "receives", m.Attributes["ApproximateReceiveCount"], "error", err.Error())
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return response, nil
}

// worker works on one batch.
type worker struct {
	*Notifier
	audience map[string]connections.Connection // by id; nil until it is asked for
}

// take does what one message asks for. A message that fails for now fails for
// the queue to bring it again; one that is no event does so until it is out.
func (w *worker) take(ctx context.Context, m events.SQSMessage) (err error) {
	defer function.Catch(&err)
	e, err := decode(m.Body)
	if err != nil {
		return err
	}
	owner, err := newOwner(w.Random)
	if err != nil {
		return err
	}
	now := w.Now()
	until := now.Add(lockTime)
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left < beginTime {
			return errLate
		}
		// An attempt does not outlive its invocation.
		until = now.Add(left)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-answerTime))
		defer cancel()
	}
	claims := ledger{w.Connections.Table}
	c, err := claims.claim(ctx, e, owner, now, until)
	switch {
	case errors.Is(err, errDone), errors.Is(err, errOutdated):
		w.Log.Info("event dropped", "messageId", m.MessageId, "eventId", e.ID, "reason", err.Error())
		return nil
	case err != nil:
		return err
	}
	return w.tell(ctx, claims, c)
}

// tell posts the event to those who have not heard it, and records it.
func (w *worker) tell(ctx context.Context, claims ledger, c claim) error {
	result := posted{}
	err := w.gather(ctx)
	if err == nil {
		var to []connections.Connection
		for id, connection := range w.audience {
			if !c.served[id] {
				to = append(to, connection)
			}
		}
		result = w.post(ctx, to, c.event)
		err = result.err
	}
	w.Log.Info("event", "eventId", c.event.ID, "type", string(c.event.Type), "served", len(result.served), "gone", len(result.gone), "failed", result.failed)
	if err == nil {
		return claims.settle(ctx, c)
	}
	if err := claims.free(ctx, c, result.served); err != nil {
		w.Log.Warn("event stays locked", "eventId", c.event.ID, "error", err.Error())
	}
	return fmt.Errorf("tell %d of %d: %w", result.failed, result.failed+len(result.served), err)
}

// gather reads who there is, once for a batch: who comes later comes after all
// of its events.
func (w *worker) gather(ctx context.Context) error {
	if w.audience != nil {
		return nil
	}
	all, err := w.Connections.All(ctx, w.Now())
	if err != nil {
		return err
	}
	w.audience = make(map[string]connections.Connection, len(all))
	for _, c := range all {
		w.audience[c.ID] = c
	}
	return nil
}

// post posts the event, with time left to record it, and removes connections
// that are gone. That they are is no failure, nor is one to remove them: the
// table does it in the end.
func (w *worker) post(ctx context.Context, to []connections.Connection, e event.Event) posted {
	posting := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		posting, cancel = context.WithDeadline(ctx, deadline.Add(-recordTime))
		defer cancel()
	}
	result := w.poster.post(posting, to, e.JSON())
	for _, c := range result.gone {
		if w.Now().Sub(c.Since) < openTime {
			continue // it may be about to open
		}
		delete(w.audience, c.ID)
		if err := w.Connections.Remove(ctx, c.ID); err != nil {
			w.Log.Warn("connection stays in the table", "connectionId", c.ID, "error", err.Error())
		}
	}
	return result
}

// newOwner is a text that no other attempt has.
func newOwner(random io.Reader) (string, error) {
	var owner [10]byte
	if _, err := io.ReadFull(random, owner[:]); err != nil {
		return "", fmt.Errorf("randomness: %w", err)
	}
	return hex.EncodeToString(owner[:]), nil
}
