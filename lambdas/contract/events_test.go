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

// wantMessages holds the queue against the types and versions of events.
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
		w.t.Errorf("events %v, want %v", got, want)
	}
}

// Each change sends one event, and what changes nothing sends none.
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

// An event that cannot be sent is in the log, whole; the write stands and is
// answered for.
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
	var told []string
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
		told = append(told, entry.Event)
	}
	// Sent by hand, they are what the worker takes.
	w.services.fault(nil)
	w.audience("a=")
	w.wantFailed(w.notify(w.notifier(), told...))
	w.wantTold("a=", lost+"#1", id+"#2", id+"#3")
}

// A stack without a queue has no QUEUE_URL: every change is made and answered as
// ever, and nothing is sent or missed.
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
		t.Errorf("the log speaks of events: %s", log)
	}
	for _, call := range w.proxy.seen() {
		if strings.HasPrefix(call, "sqs:") {
			t.Errorf("called %s", call)
		}
	}
}

// A queue that throttles for a moment, or cuts a connection, has the event all
// the same.
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

// A queue that hangs is given up by the tries, or else by the invocation's
// end; either way the client hears of its item.
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

// A replay sends the event of a create whose event could not be sent, under
// the id that it had, and only such a one.
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

// So does one that comes after the item's ttl.
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

// An attempt that died after its item was written may have sent the event or
// not: the one that takes over sends it.
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

// An update whose first answer was lost sends its event, once.
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
