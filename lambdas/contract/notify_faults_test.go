package contract

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A message that is not a valid event fails every time and does not affect
// others. The log names it without its text.
func TestNotifyPoison(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("a=")
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
	w.wantReceived("a=", "item#1")
	log := w.log.String()
	if !strings.Contains(log, `"msg":"message failed","messageId":"message-4"`) || strings.Contains(log, "item.moved") {
		t.Error(log)
	}
}

// A failing store fails only the message that needs it.
func TestNotifyStoreFails(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"PutItem", "Query", "UpdateItem"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.connectAll("a=")
			w.proxy.fault(denyNth(action, 1))
			w.wantFailed(w.notify(w.notifier(), message("one", 1), message("two", 1)), 0)
			if log := w.log.String(); !strings.Contains(log, "dynamodb:"+action+": AccessDeniedException") {
				t.Error(log)
			}
			w.advance(time.Hour) // after the end of any lock
			w.wantFailed(w.notify(w.notifier(), message("one", 1)))
			want := []string{"two#1", "one#1"}
			if action == "UpdateItem" { // the result of the posts could not be recorded
				want = []string{"one#1", "two#1", "one#1"}
			}
			w.wantReceived("a=", want...)
		})
	}
}

// If the response to a write is lost, the SDK repeats it, and the worker
// recognizes its own write.
func TestNotifyLostAnswers(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"PutItem", "UpdateItem"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.connectAll("a=")
			w.proxy.fault(loseFirst(action))
			for range 2 {
				w.wantFailed(w.notify(w.notifier(), message("item", 1)))
			}
			w.wantReceived("a=", "item#1")
		})
	}
}

// An earlier event is dropped even if the later event has only failed so far.
// The later one is posted when it succeeds.
func TestNotifyLaterOneFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("a=")
	w.services.change(func(s *services) { s.failing["a="] = true })
	n := w.notifier()
	w.wantFailed(w.notify(n, message("item", 3)), 0)
	w.services.change(func(s *services) { s.failing["a="] = false })
	w.wantFailed(w.notify(n, message("item", 2), message("item", 3)))
	w.wantReceived("a=", "item#3")
}

// If the table does not answer, the worker still answers in time, and every
// message is delivered again.
func TestNotifyStoreHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("a=")
	w.proxy.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	w.deadline = 2500 * time.Millisecond
	w.wantFailed(w.notify(w.notifier(), message("one", 1), message("two", 1)), 0, 1)
}

// Connections that do not answer cannot delay the response beyond the deadline.
// Their message fails, as does one with no time left. The connections that
// received the event are recorded.
func TestNotifyDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("quick=", "slow=")
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
	w.wantReceived("quick=", "one#1")
	if claims := count(w.proxy.seen(), "dynamodb:PutItem of the connections table"); claims != 3 {
		t.Errorf("%d writes were made, want 3: two connections and the first message's claim", claims)
	}
	hang.Delete("on")
	w.deadline = 0
	w.wantFailed(w.notify(w.notifier(), message("one", 1), message("two", 1)))
	w.wantReceived("quick=", "one#1", "two#1")
	w.wantReceived("slow=", "one#1", "two#1")
}
