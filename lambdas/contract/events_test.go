package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/items/events"
	"skiff/lambdas/items/list"
	"skiff/lambdas/names"
)

// wantMessages checks the types and versions of the events in the queue.
func (w *world) wantMessages(id string, want ...string) {
	w.t.Helper()
	var got []string
	for _, body := range w.services.messages() {
		var e struct {
			ID, Type, Time, ItemID string
			Version                int
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			w.t.Errorf("%v: %s", err, body)
		}
		if _, err := time.Parse(time.RFC3339, e.Time); err != nil || e.ItemID != id || e.ID != fmt.Sprintf("%s#%d", id, e.Version) {
			w.t.Errorf("%v: %s", err, body)
		}
		got = append(got, fmt.Sprintf("%s %d", strings.TrimPrefix(e.Type, "item."), e.Version))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the queue has the events %v, want %v", got, want)
	}
}

// Each change sends one event. A request that changes nothing sends none.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.send("POST", "/items", jsonBody, widget)
	id := created.text("id")
	want := fmt.Sprintf(`{"id":"%s#1","type":"item.created","time":%q,"itemId":%q,"version":1}`, id, created.text("createdAt"), id)
	if got := w.services.messages(); len(got) != 1 || got[0] != want {
		t.Errorf("%v, want %s", got, want)
	}
	w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget)
	for _, refused := range []answer{
		w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget),
		w.send("PUT", "/items/none", with(jsonBody, "if-match", `"1"`), widget),
		w.send("POST", "/items", jsonBody, "{}"), w.send("DELETE", "/items/none", nil, ""),
	} {
		if refused.StatusCode < 400 {
			t.Errorf("%d %s", refused.StatusCode, refused.Body)
		}
	}
	w.delete(id)
	w.send("DELETE", "/items/"+id, nil, "")
	w.wantMessages(id, "created 1", "updated 2", "deleted 3")
}

// If an event cannot be sent, the write remains and the client gets its normal
// answer. The log has the whole event.
func TestEventNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(widget)
	w.services.fault(deny("sqs:SendMessage"))
	lost := w.send("POST", "/items", jsonBody, widget).text("id")
	if got := w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget); got.StatusCode != 200 || got.Headers["ETag"] != `"2"` {
		t.Errorf("%d %s", got.StatusCode, got.Body)
	}
	w.delete(id)
	w.wantMessages(id, "created 1")
	var unsent []string
	for _, line := range strings.Split(strings.TrimSpace(w.log.String()), "\n") {
		var entry struct{ Level, Msg, RequestID, Error, Event string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if entry.Msg != "event not sent" {
			continue
		}
		if entry.Level != "ERROR" || entry.RequestID == "" || entry.Error != "sqs:SendMessage: AccessDeniedException" {
			t.Errorf("%s", line)
		}
		unsent = append(unsent, entry.Event)
	}
	// When an operator sends the logged events, the worker accepts them.
	w.services.fault(nil)
	w.connectAll("a=")
	w.wantFailed(w.notify(w.notifier(), unsent...))
	w.wantReceived("a=", lost+"#1", id+"#2", id+"#3")
}

// A stack without a queue does not set QUEUE_URL. Changes work as usual, no
// event is sent, and nothing is logged about it.
func TestNoQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.environment(patience)
	all := e.Getenv
	e.Getenv = func(name string) string {
		if name == names.QueueURLVariable || name == "AWS_ENDPOINT_URL_SQS" {
			return ""
		}
		return all(name)
	}
	queueless, err := api.New(e, items.WithTable, events.WithQueue, list.WithKey)
	if err != nil {
		t.Fatal(err)
	}
	queueless.Now = w.clock
	w.api = queueless
	id := w.create(widget)
	for i := range 2 {
		wantCreated(t, w.send("POST", "/items", keyed("k"), widget), "", i > 0)
	}
	if got := w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget); got.StatusCode != 200 || got.Headers["ETag"] != `"2"` {
		t.Errorf("%d %s", got.StatusCode, got.Body)
	}
	w.delete(id)
	w.wantMessages(id)
	if log := w.log.String(); strings.Contains(log, "event") || strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("the log mentions events: %s", log)
	}
	for _, call := range w.proxy.seen() {
		if strings.HasPrefix(call, "sqs:") {
			t.Errorf("%s was called", call)
		}
	}
}

// An event still reaches a queue that throttles for a moment or closes a
// connection.
func TestEventQueueFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		times int64
		harm  func(http.ResponseWriter)
	}{
		"throttled": {2, func(rw http.ResponseWriter) { refuseWith(rw, "ThrottlingException") }},
		"cut":       {1, func(http.ResponseWriter) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var calls atomic.Int64
			w.services.fault(func(_ string, rw http.ResponseWriter, _ *http.Request) bool {
				harmed := calls.Add(1) <= c.times
				if harmed {
					c.harm(rw)
				}
				return harmed
			})
			w.wantMessages(w.create(widget), "created 1")
		})
	}
}

// If the queue does not answer, the tries or the invocation's deadline end the
// call. In both cases the client gets its normal answer.
func TestEventQueueHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.services.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	for kind, c := range map[string]struct{ try, deadline time.Duration }{
		"network": {300 * time.Millisecond, 0}, "deadline": {patience, 3 * time.Second},
	} {
		if err := events.WithQueue(w.api, w.environment(c.try)); err != nil {
			t.Fatal(err)
		}
		w.deadline = c.deadline
		w.create(widget)
		if log := w.log.String(); !strings.Contains(log, `"error":"sqs:SendMessage: `+kind+`"`) {
			t.Errorf("no %s: %s", kind, log)
		}
	}
	w.wantMessages("")
	w.services.fault(nil)
	w.api = w.process(patience)
}

// A replay sends the event that the create could not send, with the same id. It
// sends no other event.
func TestReplaySendsLostEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.services.fault(deny("sqs:SendMessage"))
	first := w.send("POST", "/items", keyed("k"), widget)
	wantCreated(t, first, "", false)
	id := first.text("id")
	wantCreated(t, w.send("POST", "/items", keyed("k"), widget), id, true)
	w.wantMessages(id)
	w.services.fault(nil)
	for range 3 {
		wantCreated(t, w.send("POST", "/items", keyed("k"), widget), id, true)
		w.wantMessages(id, "created 1")
	}
}

// A replay after the item's ttl sends the lost event too.
func TestLateReplaySendsLostEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.services.fault(deny("sqs:SendMessage"))
	body := fmt.Sprintf(`{"name":"short","status":"active","ttl":%d}`, w.clock().Unix()+60)
	id := w.send("POST", "/items", keyed("k"), body).text("id")
	w.services.fault(nil)
	w.advance(2 * time.Minute)
	for range 2 {
		wantCreated(t, w.send("POST", "/items", keyed("k"), body), id, true)
		w.wantMessages(id, "created 1")
	}
}

// An attempt that died after it wrote the item may or may not have sent the
// event. The attempt that takes over sends it.
func TestTakeoverSendsEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.died("k")
	w.put(w.item(deadID, items.Draft{Name: "widget", Status: "active"}).Row())
	w.advance(lockTime)
	for range 2 {
		wantCreated(t, w.send("POST", "/items", keyed("k"), widget), deadID, true)
		w.wantMessages(deadID, "created 1")
	}
}

// An update whose first response was lost sends its event once.
func TestLostUpdateSendsEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(widget)
	w.proxy.fault(loseFirst("UpdateItem"))
	if got := w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget); got.StatusCode != 200 {
		t.Errorf("%d %s", got.StatusCode, got.Body)
	}
	w.wantMessages(id, "created 1", "updated 2")
}
