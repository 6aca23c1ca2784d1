package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"skiff/lambdas/event"
	"skiff/lambdas/notifier"
)

// maxReceives is the queue's maxReceiveCount.
const maxReceives = 3

// sqs simulates a queue with a dead-letter queue: a failed message is delivered
// again until it has been received maxReceives times.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
type sqs struct {
	bodies   []string
	receives map[string]int
	dead     []string
}

func newSQS(bodies ...string) *sqs { return &sqs{bodies: bodies, receives: map[string]int{}} }

// drain delivers batches of ten messages until the queue is empty. The
// visibility timeout passes between two batches.
func (q *sqs) drain(w *world, n *notifier.Notifier) {
	w.t.Helper()
	for len(q.bodies) > 0 {
		batch := q.bodies[:min(10, len(q.bodies))]
		q.bodies = slices.Clone(q.bodies[len(batch):])
		failed := w.notify(n, batch...)
		for _, i := range failed {
			if q.receives[batch[i]]++; q.receives[batch[i]] == maxReceives {
				q.dead = append(q.dead, batch[i])
			} else {
				q.bodies = append(q.bodies, batch[i])
			}
		}
		w.advance(6 * time.Minute)
	}
}

// tenMessages returns messages about ten different items.
func tenMessages() (bodies, ids []string) {
	for i := range 10 {
		bodies = append(bodies, message(fmt.Sprintf("item-%d", i), 1))
		ids = append(ids, fmt.Sprintf("item-%d#1", i))
	}
	return bodies, ids
}

// workerCases returns the cases of testdata/workers.json.
func workerCases() map[string]func(*world) {
	return map[string]func(*world){
		"W01": func(w *world) {
			bodies, ids := tenMessages()
			bodies[4] = strings.Replace(bodies[4], "item.updated", "item.unknown", 1)
			q := newSQS(bodies...)
			q.drain(w, w.notifier())
			w.wantReceived("a=", slices.Concat(ids[:4], ids[5:])...)
			if !slices.Equal(q.dead, bodies[4:5]) || q.receives[bodies[4]] != maxReceives || len(q.receives) != 1 {
				w.t.Errorf("the dead-letter queue has %v, receives are %v", q.dead, q.receives)
			}
		},
		"W02": func(w *world) {
			for range 5 {
				w.wantFailed(w.notify(w.notifier(), message("item", 1)))
			}
			w.wantReceived("a=", "item#1")
		},
		"W04": diesMidBatch,
		"W05": func(w *world) {
			q := newSQS("not JSON", message("item", 1))
			q.drain(w, w.notifier())
			w.wantReceived("a=", "item#1")
			if !slices.Equal(q.dead, []string{"not JSON"}) {
				w.t.Errorf("the dead-letter queue has %v", q.dead)
			}
		},
		"W07": redriven,
		"W08": outOfOrder,
		"V04": func(w *world) {
			if got := w.socket("$default", "a="); got.StatusCode != 400 || !strings.Contains(got.Body, "send requests to the HTTP API") {
				w.t.Errorf("%+v", got)
			}
			if w.row("a=") == nil {
				w.t.Error("the connection was deleted")
			}
		},
		"V05": func(w *world) {
			if _, err := w.authorizeSocket(w.authorizer(), nil, nil); err == nil || err.Error() != "Unauthorized" {
				w.t.Errorf("%v", err)
			}
		},
	}
}

// redriven checks that a message from the dead-letter queue is posted to the
// connections that have not received it.
func redriven(w *world) {
	w.services.change(func(s *services) { s.failing["a="] = true })
	q := newSQS(message("item", 1))
	q.drain(w, w.notifier())
	w.services.change(func(s *services) { s.failing["a="] = false })
	back := newSQS(q.dead...)
	back.drain(w, w.notifier())
	w.wantReceived("a=", "item#1")
	w.wantReceived("b=", "item#1")
}

// outOfOrder checks that an event is not posted after a later event of the same
// item.
func outOfOrder(w *world) {
	deleted := string(event.New(event.Deleted, "item", 4, "2026-03-01T12:00:00Z").JSON())
	n := w.notifier()
	for _, body := range []string{message("item", 3), message("item", 2), deleted, message("item", 3), message("other", 2)} {
		w.wantFailed(w.notify(n, body))
	}
	w.wantReceived("a=", "item#3", "item#4", "other#2")
}

// diesMidBatch checks a process that dies after five messages. It returns no
// response, so all ten are delivered again.
func diesMidBatch(w *world) {
	bodies, ids := tenMessages()
	w.proxy.fault(func(action string, _ http.ResponseWriter, r *http.Request) bool {
		if action == "PutItem" && len(w.services.received("a=")) == 5 {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	w.notify(w.notifier(), bodies...)
	w.wantReceived("a=", ids[:5]...)
	w.proxy.fault(nil)
	w.advance(6 * time.Minute)
	q := newSQS(bodies...)
	q.drain(w, w.notifier())
	w.wantReceived("a=", ids...)
	w.wantReceived("b=", ids...)
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/workers.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []struct{ ID, Why string } }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	runs := workerCases()
	if len(file.Cases) != len(runs) {
		t.Errorf("workers.json has %d cases, and %d are run", len(file.Cases), len(runs))
	}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			run := runs[c.ID]
			if run == nil {
				t.Fatalf("there is no test for %s", c.Why)
			}
			w := newWorld(t)
			w.connectAll("a=", "b=")
			run(w)
		})
	}
}
