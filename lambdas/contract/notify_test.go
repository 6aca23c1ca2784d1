package contract

import (
	"context"
	"fmt"
	"net/http"
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

// wait lets the time pass in which a connection may still be opening.
func (w *world) wait() { w.advance(10 * time.Second) }

// notify delivers messages as one batch, and returns the indices of those that
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

// message is an event of an item at a version.
func message(item string, version int64) string {
	return string(event.New(event.Updated, item, version, "2026-03-01T12:00:00.000000Z").JSON())
}

// audience connects clients, and lets time pass.
func (w *world) audience(ids ...string) {
	w.t.Helper()
	w.createConnections()
	for _, id := range ids {
		w.connect(id)
	}
	w.wait()
}

func (w *world) wantTold(connection string, want ...string) {
	w.t.Helper()
	if got := w.services.told(connection); !slices.Equal(got, want) {
		w.t.Errorf("%s was told %v, want %v", connection, got, want)
	}
}

func (w *world) wantFailed(got []int, want ...int) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("failed are %v, want %v\n%s", got, want, w.log.String())
	}
}

// What clients hear is the event as it was sent.
func TestNotify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("a=", "b/+=")
	id := w.create(widget)
	w.wantFailed(w.notify(w.notifier(), w.services.messages()...))
	for _, connection := range []string{"a=", "b/+="} {
		if got := w.services.heard[connection]; !slices.Equal(got, w.services.messages()) || len(got) != 1 || !strings.Contains(got[0], id) {
			t.Errorf("%s heard %v", connection, got)
		}
	}
}

// Many connections take more than one page of the table, and all hear.
func TestNotifyMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createConnections()
	// Rows as large as ids and subjects can be, so that fewer fill a page.
	n := 40
	subject := strings.Repeat("s", 40_000)
	for i := range n {
		w.putConnection(fmt.Sprintf("c%03d=", i), subject, w.clock())
	}
	w.wantFailed(w.notify(w.notifier(), message("item", 1)))
	for i := range n {
		w.wantTold(fmt.Sprintf("c%03d=", i), "item#1")
	}
	if queries := count(w.proxy.seen(), "dynamodb:Query of the connections table"); queries < 2 {
		t.Errorf("%d queries", queries)
	}
}

// Gone connections are removed, but for one that may be about to open, and are
// no failure.
func TestNotifyGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("old=", "open=")
	w.connect("young=")
	w.putConnection("expired=", "", w.clock().Add(-3*time.Hour))
	w.services.change(func(s *services) { s.gone["old="], s.gone["young="] = true, true })
	w.wantFailed(w.notify(w.notifier(), message("item", 1), message("item", 2)))
	w.wantTold("open=", "item#1", "item#2")
	w.wantTold("expired=")
	if w.row("old=") != nil || w.row("young=") == nil || w.row("open=") == nil {
		t.Errorf("rows: %v, %v, %v", w.row("old="), w.row("young="), w.row("open="))
	}
	if posts := count(w.proxy.seen(), "execute-api:ManageConnections of the "+lambdas.Resource{Clients: true}.String()); posts != 5 {
		t.Errorf("%d posts", posts) // old= once, the others twice
	}
}

// A connection that fails makes the message come again, for it alone.
func TestNotifyRetriesTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("good=", "bad=")
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
		w.wantTold(connection, "item#1")
	}
}

// Workers at once with one message: one tells it, the others leave it.
func TestNotifyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("a=")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { w.notify(w.notifier(), message("item", 1)) })
	}
	group.Wait()
	w.wantTold("a=", "item#1")
}

// What is no event of this service fails every time, and keeps nothing from
// the others. The log tells of it without its text.
func TestNotifyPoison(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("a=")
	good := message("item", 1)
	poison := []string{
		"", "null", "{}", "[]", "not JSON", good + good, good[:len(good)-1],
		strings.Replace(good, `"type"`, `"Type"`, 1), strings.Replace(good, "item.updated", "item.moved", 1),
		strings.Replace(good, `"version":1`, `"version":1,"version":1`, 1), strings.Replace(good, `"version":1`, `"version":1,"more":1`, 1),
		strings.Replace(good, `"version":1`, `"version":2`, 1), strings.Replace(good, `"version":1`, `"version":"1"`, 1),
		strings.Replace(good, "2026-", "", 1), strings.Replace(good, `"itemId":"item"`, `"itemId":"other"`, 1),
		message("", 1), message("item", 0), message("a#b", 1), message(strings.Repeat("x", 65), 1),
	}
	var all []int
	for i := range poison {
		all = append(all, i)
	}
	for range 2 {
		w.wantFailed(w.notify(w.notifier(), append(slices.Clone(poison), good)...), all...)
	}
	w.wantTold("a=", "item#1")
	log := w.log.String()
	if !strings.Contains(log, `"msg":"message failed","messageId":"message-4"`) || strings.Contains(log, "item.moved") {
		t.Error(log)
	}
}

// What the store does to a worker is a failure of its message, and of no other.
func TestNotifyStoreFails(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"PutItem", "Query", "UpdateItem"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.audience("a=")
			w.proxy.fault(denyNth(action, 1))
			w.wantFailed(w.notify(w.notifier(), message("one", 1), message("two", 1)), 0)
			if log := w.log.String(); !strings.Contains(log, "dynamodb:"+action+": AccessDeniedException") {
				t.Error(log)
			}
			w.advance(time.Hour) // past any lock
			w.wantFailed(w.notify(w.notifier(), message("one", 1)))
			want := []string{"two#1", "one#1"}
			if action == "UpdateItem" { // what was told could not be recorded
				want = []string{"one#1", "two#1", "one#1"}
			}
			w.wantTold("a=", want...)
		})
	}
}

// The SDK repeats a write whose answer was lost, and meets its own.
func TestNotifyLostAnswers(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"PutItem", "UpdateItem"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.audience("a=")
			w.proxy.fault(loseFirst(action))
			for range 2 {
				w.wantFailed(w.notify(w.notifier(), message("item", 1)))
			}
			w.wantTold("a=", "item#1")
		})
	}
}

// A later event that failed so far is later all the same: the earlier one is
// dropped, and the later one is told when it can be.
func TestNotifyLaterOneFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("a=")
	w.services.change(func(s *services) { s.failing["a="] = true })
	n := w.notifier()
	w.wantFailed(w.notify(n, message("item", 3)), 0)
	w.services.change(func(s *services) { s.failing["a="] = false })
	w.wantFailed(w.notify(n, message("item", 2), message("item", 3)))
	w.wantTold("a=", "item#3")
}

// A table that hangs is answered for in time, with every message to come again.
func TestNotifyStoreHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("a=")
	w.proxy.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	w.deadline = 2500 * time.Millisecond
	w.wantFailed(w.notify(w.notifier(), message("one", 1), message("two", 1)), 0, 1)
}

// Connections that hang take no more time than there is: the message fails, as
// does one that there is no time to begin, and those who heard are recorded.
func TestNotifyDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.audience("quick=", "slow=")
	var hang sync.Map
	hang.Store("on", true)
	w.services.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
		_, on := hang.Load("on")
		if on && strings.Contains(r.URL.Path, "slow=") {
			<-r.Context().Done()
			return true
		}
		return false
	})
	w.deadline = 4 * time.Second
	w.wantFailed(w.notify(w.notifier(), message("one", 1), message("two", 1)), 0, 1)
	w.wantTold("quick=", "one#1")
	if claims := count(w.proxy.seen(), "dynamodb:PutItem of the connections table"); claims != 3 {
		t.Errorf("%d writes: two are the connections', one the first message's", claims)
	}
	hang.Delete("on")
	w.deadline = 0
	w.wantFailed(w.notify(w.notifier(), message("one", 1), message("two", 1)))
	w.wantTold("quick=", "one#1", "two#1")
	w.wantTold("slow=", "one#1", "two#1")
}
