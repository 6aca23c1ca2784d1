package contract

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas"
	"skiff/lambdas/event"
	"skiff/lambdas/notifier"
)

func (w *world) notifier() *notifier.Notifier {
	w.t.Helper()
	n, err := notifier.New(w.environment(patience))
	if err != nil {
		w.t.Fatal(err)
	}
	n.Now = w.clock
	return n
}

// wait advances the clock until every connection is open.
func (w *world) wait() { w.advance(10 * time.Second) }

// notify delivers messages as one batch and returns the indices of those that
// failed.
func (w *world) notify(n *notifier.Notifier, bodies ...string) []int {
	w.t.Helper()
	ctx := context.Background()
	if w.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	var batch events.SQSEvent
	for i, body := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: fmt.Sprintf("message-%d", i), Body: body})
	}
	response, err := n.Handle(ctx, batch)
	if err != nil || ctx.Err() != nil {
		w.t.Errorf("%v, %v", err, ctx.Err())
	}
	failed := []int{}
	for _, failure := range response.BatchItemFailures {
		var i int
		if _, err := fmt.Sscanf(failure.ItemIdentifier, "message-%d", &i); err != nil {
			w.t.Error(err)
		}
		failed = append(failed, i)
	}
	return failed
}

// message returns an event of an item at a version.
func message(item string, version int64) string {
	return string(event.New(event.Updated, item, version, "2026-03-01T12:00:00.000000Z").JSON())
}

// connectAll connects clients and waits until they are open.
func (w *world) connectAll(ids ...string) {
	w.t.Helper()
	w.createConnections()
	for _, id := range ids {
		w.connect(id)
	}
	w.wait()
}

func (w *world) wantReceived(connection string, want ...string) {
	w.t.Helper()
	if got := w.services.received(connection); !slices.Equal(got, want) {
		w.t.Errorf("%s received %v, want %v", connection, got, want)
	}
}

func (w *world) wantFailed(got []int, want ...int) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("the messages %v failed, want %v\n%s", got, want, w.log.String())
	}
}

// Clients receive the event as it was sent.
func TestNotify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("a=", "b/+=")
	id := w.create(widget)
	w.wantFailed(w.notify(w.notifier(), w.services.messages()...))
	for _, connection := range []string{"a=", "b/+="} {
		if got := w.services.posted[connection]; !slices.Equal(got, w.services.messages()) || len(got) != 1 || !strings.Contains(got[0], id) {
			t.Errorf("%s received %v", connection, got)
		}
	}
}

// The rows of many connections fill more than one page of a query. All
// connections receive the event.
func TestNotifyMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createConnections()
	// Large ids and subjects make large rows, so few of them fill a page.
	n := 40
	subject := strings.Repeat("s", 40_000)
	for i := range n {
		w.putConnection(fmt.Sprintf("c%03d=", i), subject, w.clock())
	}
	w.wantFailed(w.notify(w.notifier(), message("item", 1)))
	for i := range n {
		w.wantReceived(fmt.Sprintf("c%03d=", i), "item#1")
	}
	if queries := count(w.proxy.seen(), "dynamodb:Query of the connections table"); queries < 2 {
		t.Errorf("%d queries were made", queries)
	}
}

// Connections that have ended are deleted and are not a failure. One that may
// not be open yet is kept.
func TestNotifyGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("old=", "open=")
	w.connect("young=")
	w.putConnection("expired=", "", w.clock().Add(-3*time.Hour))
	w.services.change(func(s *services) { s.gone["old="], s.gone["young="] = true, true })
	w.wantFailed(w.notify(w.notifier(), message("item", 1), message("item", 2)))
	w.wantReceived("open=", "item#1", "item#2")
	w.wantReceived("expired=")
	if w.row("old=") != nil || w.row("young=") == nil || w.row("open=") == nil {
		t.Errorf("rows: %v, %v, %v", w.row("old="), w.row("young="), w.row("open="))
	}
	if posts := count(w.proxy.seen(), "execute-api:ManageConnections of the "+lambdas.Resource{Clients: true}.String()); posts != 5 {
		t.Errorf("%d posts were made", posts) // old= once, the others twice
	}
}

// If one connection fails, the message is delivered again and posted only to
// that connection.
func TestNotifyRetriesTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("good=", "bad=")
	w.services.change(func(s *services) { s.failing["bad="] = true })
	n := w.notifier()
	w.wantFailed(w.notify(n, message("item", 1)), 0)
	w.wantFailed(w.notify(n, message("item", 1)), 0)
	if log := w.log.String(); !strings.Contains(log, "execute-api:ManageConnections: ") {
		t.Error(log)
	}
	w.services.change(func(s *services) { s.failing["bad="] = false })
	w.connect("late=")
	w.wantFailed(w.notify(n, message("item", 1)))
	w.wantFailed(w.notify(n, message("item", 1)))
	for _, connection := range []string{"good=", "bad=", "late="} {
		w.wantReceived(connection, "item#1")
	}
}

// If several workers get the same message at the same time, one posts it.
func TestNotifyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("a=")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { w.notify(w.notifier(), message("item", 1)) })
	}
	group.Wait()
	w.wantReceived("a=", "item#1")
}
