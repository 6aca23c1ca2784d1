package contract

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// faultConversations are the cases about a store that fails.
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
				w.t.Errorf("%d calls, %d items", calls.Load(), len(w.ids()))
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

// hangingStore: once the deadline ends a request, in its second try, once the
// tries do. A try takes less time here than in a function, and nothing else
// differs; that a function's tries fit its time is for the test of its start.
func hangingStore(w *world, c contractCase) {
	id := w.create(widget)
	patient := w.api
	defer func() { w.api = patient }()
	w.api = w.process(200 * time.Millisecond)
	for _, deadline := range []time.Duration{850 * time.Millisecond, 10 * time.Second} {
		w.faulty, w.deadline = true, deadline
		w.proxy.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
			return true
		})
		got := c.send(w, "{existing}", id)
		c.expect(w, got)
		if got.Headers["Retry-After"] != "1" {
			w.t.Errorf("Retry-After %q", got.Headers["Retry-After"])
		}
		// With the deadline far away, only the tries can end it: three.
		if calls := len(w.proxy.seen()); deadline > 5*time.Second && calls != 3 {
			w.t.Errorf("%d tries", calls)
		}
	}
}
