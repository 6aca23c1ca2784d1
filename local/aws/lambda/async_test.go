package lambda_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// hands is a clock that advances when a test waits for it. It records the
// waits.
type hands struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
	stuck bool // the clock no longer advances
}

func (h *hands) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hands) After(d time.Duration) <-chan time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waits = append(h.waits, d)
	c := make(chan time.Time, 1)
	if !h.stuck {
		h.now = h.now.Add(d)
		c <- h.now
	}
	return c
}

func (h *hands) waited() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprint(h.waits)
}

// events returns the asynchronous invocations of the worker's function.
func (w *worker) events(h *hands) *lambda.Events {
	return lambda.NewEvents(w.functions, func(err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.reported = append(w.reported, err.Error())
	}, h.Now, h.After)
}

func (w *worker) held() int {
	counts, err := w.db.Count()
	must(w.t, err)
	return counts[lambda.FunctionToken+" event"]
}

const functionARN = "arn:aws:lambda:eu-west-1:111111111111:function:f"

// TestEvents checks that a failed function is retried after one minute and
// after two more, and that the event is then dropped. An unauthorized caller
// cannot send an event.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	h := &hands{now: time.Now()}
	e := w.events(h)
	t.Cleanup(func() { must(t, e.Close(context.Background())) })
	caller := iam.Session(workerRole, "nightly")
	if err := e.Send(caller, functionARN, []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "not authorized to perform: lambda:InvokeFunction on resource: "+functionARN) {
		t.Errorf("without the right: %v", err)
	}
	put(w, iam.RolePolicyToken, "r:i", iam.RolePolicy{Name: "i", Role: "r", Policy: `{"Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"` + functionARN + `"}}`})
	must(t, e.Send(caller, functionARN, []byte(`{"do":"print","text":"hello\n"}`)))
	eventually(t, "the event processed", func() bool { return w.count("hello") == 1 && w.held() == 0 })
	must(t, e.Send(caller, functionARN, []byte(`{"do":"error","text":"no"}`)))
	eventually(t, "the event dropped", func() bool { return strings.Contains(w.reports(), "the function failed 3 times") && w.held() == 0 })
	if got := w.count("START "); got != 4 || h.waited() != "[1m0s 2m0s]" {
		t.Errorf("%d invocations, waits %s", got, h.waited())
	}
	if result, err := e.InvokeAs(t.Context(), caller, functionARN, []byte(`{"do":"error","text":"no"}`)); err != nil || result.FunctionError != "Unhandled" {
		t.Errorf("invoked: %+v, %v", result, err)
	}
}

// TestEventsKept checks that an event stays stored while the function processes
// it.
func TestEventsKept(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.deploy(func(in *lambda.Function) { in.Timeout = 30 })
	put(w, iam.RolePolicyToken, "r:i", iam.RolePolicy{Name: "i", Role: "r", Policy: `{"Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}}`})
	e := w.events(&hands{now: time.Now()})
	t.Cleanup(func() { must(t, e.Close(context.Background())) })
	gate := filepath.Join(t.TempDir(), "open")
	must(t, e.Send(iam.Session(workerRole, "nightly"), functionARN, []byte(`{"do":"wait","path":"`+gate+`"}`)))
	eventually(t, "the function runs", func() bool { return w.count("waiting ") == 1 })
	if n := w.held(); n != 1 {
		t.Errorf("%d events are kept", n)
	}
	must(t, os.WriteFile(gate, nil, 0o600))
	eventually(t, "the event processed", func() bool { return w.held() == 0 })
}

// TestEventsRestart checks that an event that waits for its next attempt
// survives a restart of the cloud.
func TestEventsRestart(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	put(w, iam.RolePolicyToken, "r:i", iam.RolePolicy{Name: "i", Role: "r", Policy: `{"Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}}`})
	file := filepath.Join(t.TempDir(), "gate")
	h := &hands{now: time.Now(), stuck: true}
	e := w.events(h)
	must(t, e.Send(iam.Session(workerRole, "nightly"), functionARN, []byte(`{"do":"read","path":"`+file+`"}`)))
	eventually(t, "the event waits", func() bool { return h.waited() != "[]" })
	must(t, e.Close(context.Background()))
	w.close()
	w.open()
	h = &hands{now: time.Now()}
	e = w.events(h)
	t.Cleanup(func() { must(t, e.Close(context.Background())) })
	must(t, e.Start())
	eventually(t, "the event dropped after three attempts in all", func() bool { return strings.Contains(w.reports(), "the function failed 3 times") && w.held() == 0 })
	if got := w.count("START "); got != 3 {
		t.Errorf("%d invocations", got)
	}
}
