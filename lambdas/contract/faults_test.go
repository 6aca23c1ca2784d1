package contract

import (
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// faultConversations returns the cases about a failing store.
func faultConversations() map[string]conversation {
	return map[string]conversation{
		"X04": hangingStore,
		"X01": func(w *world, c contractCase) {
			var calls atomic.Int64
			w.proxy.fault(func(action string, rw http.ResponseWriter, r *http.Request) bool {
				if action != "PutItem" || calls.Add(1) > 2 {
					return false
				}
				refuseWith(rw, "ProvisionedThroughputExceededException")
				return true
			})
			c.expect(w, c.send(w))
			if calls.Load() != 3 || len(w.ids()) != 1 {
				w.t.Errorf("%d calls were made, and the table has %d items", calls.Load(), len(w.ids()))
			}
		},
		"X02": func(w *world, c contractCase) {
			w.faulty, w.deadline = true, 10*time.Second
			w.proxy.fault(func(action string, rw http.ResponseWriter, r *http.Request) bool {
				if action == "PutItem" {
					refuseWith(rw, "ThrottlingException")
				}
				return action == "PutItem"
			})
			got := c.send(w)
			c.expect(w, got)
			if got.Headers["Retry-After"] != "1" || len(w.ids()) != 0 {
				w.t.Errorf("Retry-After %q, %d items", got.Headers["Retry-After"], len(w.ids()))
			}
		},
		"X05": func(w *world, c contractCase) {
			w.faulty = true
			w.proxy.fault(func(action string, rw http.ResponseWriter, r *http.Request) bool {
				if action == "PutItem" {
					refuseWith(rw, "AccessDeniedException")
				}
				return action == "PutItem"
			})
			c.expect(w, c.send(w))
			if log := w.log.String(); !strings.Contains(log, `"error":"dynamodb:PutItem: AccessDeniedException"`) {
				w.t.Errorf("the log does not say which action was denied: %s", log)
			}
		},
	}
}

// hangingStore checks a store that does not answer. With a distant deadline,
// the tries end the request. With a near one, the deadline ends it during the
// second try.
func hangingStore(w *world, c contractCase) {
	id := w.create(widget)
	patient := w.api
	defer func() { w.api = patient }()
	w.api = w.process(time.Second)
	w.faulty = true
	w.proxy.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	for _, deadline := range []time.Duration{time.Minute, 2200 * time.Millisecond} {
		w.deadline = deadline
		got := c.send(w, "{existing}", id)
		c.expect(w, got)
		if got.Headers["Retry-After"] != "1" {
			w.t.Errorf("Retry-After %q", got.Headers["Retry-After"])
		}
		// A busy machine may record a try late, but never more than three.
		for limit := time.Now().Add(5 * time.Second); deadline == time.Minute && len(w.proxy.seen()) < 3 && time.Now().Before(limit); {
			runtime.Gosched()
		}
		if calls := len(w.proxy.seen()); deadline == time.Minute && calls != 3 {
			w.t.Errorf("%d tries were made", calls)
		}
	}
}
