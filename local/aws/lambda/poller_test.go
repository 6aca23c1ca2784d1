package lambda_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

func TestPolling(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.mapping(plain)
	w.send(`{"do":"print","text":"hello\n"}`)
	eventually(t, "the message processed", func() bool { return w.left("q") == 0 && w.count("hello") == 1 })
	r := w.records()
	if len(r) != 1 || r[0].EventSourceARN != queueARN || r[0].AWSRegion != "eu-west-1" || r[0].Attributes["ApproximateReceiveCount"] != "1" || r[0].Body != `{"do":"print","text":"hello\n"}` || r[0].MessageId == "" {
		t.Errorf("the function got %+v", r)
	}
	// An idle poller waits in one call.
	before := w.polled.receives.Load()
	w.send(`{"do":"print","text":"again\n"}`)
	eventually(t, "the second message processed", func() bool { return w.left("q") == 0 && w.count("again") == 1 })
	if n := w.polled.receives.Load() - before; n > 3 {
		t.Errorf("one message took %d calls of Receive", n)
	}
}

// TestFailures checks that failed messages come again after the visibility
// timeout and then go to the dead-letter queue. The other messages are
// processed once.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, bad string
		lost      int // messages that come again
	}{
		{"one", `{"do":"fail"}`, 1},
		{"the function", `{"do":"error","text":"no"}`, 2},
		{"the process", `{"do":"exit","number":3}`, 2},
		{"the answer", `{"do":"answer","text":"{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}"}`, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorker(t)
			w.send(test.bad, `{"do":"print","text":"good\n"}`)
			w.mapping(func(in *lambda.EventSourceMapping) {
				size := 2
				in.BatchSize = &size
			})
			eventually(t, "the bad ones with the dead letters", func() bool { return w.left("dead") == test.lost && w.left("q") == 0 })
			seen := map[string]int{}
			for _, r := range w.records() {
				seen[r.Body+r.Attributes["ApproximateReceiveCount"]]++
			}
			if seen[test.bad+"1"] != 1 || seen[test.bad+"2"] != 1 || seen[test.bad+"3"] != 0 {
				t.Errorf("the bad message was seen %v", seen)
			}
		})
	}
}

// TestConcurrency checks that no more batches run at once than the mapping
// allows. Deleting the mapping and closing the cloud both wait for the running
// batches.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.deploy(func(in *lambda.Function) { in.Timeout = 30 })
	w.visible(60)
	gate := filepath.Join(t.TempDir(), "open")
	for range 5 {
		w.send(`{"do":"wait","path":"` + gate + `"}`)
	}
	r := w.mapping(func(in *lambda.EventSourceMapping) {
		one := 1
		in.BatchSize, in.ScalingConfig = &one, &lambda.ScalingConfig{MaximumConcurrency: 2}
	})
	eventually(t, "two of them run", func() bool { return w.count("waiting ") == 2 })

	// Messages without a running batch stay visible in the queue.
	ready, err := w.queues.Receive(t.Context(), iam.Session(workerRole, "f"), queueARN, 10, 0)
	if err != nil || len(ready) != 3 {
		t.Errorf("%d messages wait in the queue, %v", len(ready), err)
	}
	for _, m := range ready[:2] {
		must(t, w.queues.Delete(iam.Session(workerRole, "f"), queueARN, []string{m.ReceiptHandle}))
	}

	// A changed mapping waits for the batches of the old one.
	kind := lambda.MappingType(w.sources)
	r.Inputs.Tags = map[string]string{"a": "b"}
	must(t, store.Put(w.db, lambda.EventSourceMappingToken, r.ID, r))
	kind.Updated(r)
	ended := make(chan error, 2)
	go func() { ended <- kind.Delete(context.Background(), provider.Call{}, r) }()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.sources.Close(short); err == nil || !strings.Contains(err.Error(), "batches still run") {
		t.Errorf("closed while batches run: %v", err)
	}
	select {
	case err := <-ended:
		t.Errorf("deleted while batches run: %v", err)
	default:
	}
	if n := w.runtime.Sandboxes("f"); n != 2 {
		t.Errorf("%d processes", n)
	}
	must(t, os.WriteFile(gate, nil, 0o600))
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := w.left("q"); n != 1 {
		t.Errorf("%d messages left, want 1, which no function received", n)
	}
}

// TestEnabled checks that a disabled mapping does not poll until it is enabled,
// and that a deleted mapping never polls again.
func TestEnabled(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	off := false
	r := w.mapping(func(in *lambda.EventSourceMapping) { in.Enabled = &off })
	w.send(`{"do":"print","text":"hello\n"}`)
	kind := lambda.MappingType(w.sources)
	on := r
	on.Inputs.Enabled = nil
	must(t, kind.Update(t.Context(), w.call, r, &on))
	if n := w.polled.receives.Load(); n != 0 {
		t.Errorf("disabled, it received %d times", n)
	}
	kind.Updated(on)
	eventually(t, "the message processed", func() bool { return w.left("q") == 0 })
	must(t, kind.Delete(t.Context(), w.call, on))
	before := w.polled.receives.Load()
	w.send(`{"do":"print","text":"late\n"}`)
	if w.polled.receives.Load() != before || w.left("q") != 1 {
		t.Error("deleted, it still receives")
	}
}

// TestRestart checks that polling continues after a restart of the cloud.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.mapping(plain)
	w.send(`{"do":"print","text":"first\n"}`)
	eventually(t, "the first message processed", func() bool { return w.left("q") == 0 && w.count("first") == 1 })
	w.close()
	w.open()
	w.send(`{"do":"print","text":"second\n"}`)
	if n := w.polled.receives.Load(); n != 0 {
		t.Errorf("it received %d times before the start", n)
	}
	must(t, w.sources.Start())
	eventually(t, "the second message processed", func() bool { return w.left("q") == 0 && w.count("second") == 1 })
}

// TestThrottled checks that a batch waits for a throttled function, within its
// visibility timeout.
func TestThrottled(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	none := 0
	w.visible(60)
	w.deploy(func(in *lambda.Function) { in.ReservedConcurrentExecutions = &none })
	w.mapping(plain)
	w.send(`{"do":"print","text":"hello\n"}`)
	eventually(t, "the message received", func() bool { return w.polled.receives.Load() >= 2 })
	w.deploy(func(*lambda.Function) {})
	eventually(t, "the message processed", func() bool { return w.left("q") == 0 })
	if r := w.records(); len(r) != 1 || r[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("the function got %+v", r)
	}
}

// TestThrottledForGood checks that a message for a function that stays
// throttled returns to the queue, and finally goes to the dead-letter queue.
func TestThrottledForGood(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	none := 0
	w.deploy(func(in *lambda.Function) { in.ReservedConcurrentExecutions = &none })
	w.mapping(plain)
	w.send(`{"do":"print","text":"hello\n"}`)
	eventually(t, "the message with the dead letters", func() bool { return w.left("dead") == 1 && w.left("q") == 0 })
	if w.count("hello") > 0 || !strings.Contains(w.reports(), "queue q for function f: function f: lambda: concurrency is used up") {
		t.Errorf("reported %s", w.reports())
	}
}

func (w *worker) reports() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.reported, "\n")
}

// TestDenied checks that removing rights stops the polling and loses no
// message.
func TestDenied(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.mapping(plain)
	eventually(t, "the queue polled", func() bool { return w.polled.receives.Load() == 1 })
	w.allow("DeleteMessage")
	w.send(`{"do":"print","text":"first\n"}`) // the call that already waits receives it
	eventually(t, "the denial reported", func() bool { return strings.Contains(w.reports(), "is not authorized to perform: sqs:ReceiveMessage") })
	w.send(`{"do":"print","text":"second\n"}`)
	w.allow("*")
	eventually(t, "both messages processed", func() bool { return w.left("q") == 0 && w.count("first") == 1 && w.count("second") == 1 })
	if n := strings.Count(w.reports(), "is not authorized"); n != 1 {
		t.Errorf("reported %d times:\n%s", n, w.reports())
	}
}

// TestWindow checks that messages within the batching window make one batch.
func TestWindow(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.visible(60)
	size := 12
	w.mapping(func(in *lambda.EventSourceMapping) {
		in.BatchSize, in.MaximumBatchingWindowInSeconds = &size, 300
	})
	for i := range size {
		w.send(fmt.Sprintf(`{"do":"print","text":"m%d\n"}`, i))
	}
	// The batch is full long before the window ends.
	eventually(t, "the messages processed", func() bool { return w.left("q") == 0 })
	if n := w.count("START "); n != 1 || len(w.records()) != size {
		t.Errorf("%d invocations, %d messages", n, len(w.records()))
	}
}

func TestWindowEnds(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.visible(60)
	w.mapping(func(in *lambda.EventSourceMapping) { in.MaximumBatchingWindowInSeconds = 1 })
	w.send(`{"do":"print","text":"one\n"}`, `{"do":"print","text":"two\n"}`)
	eventually(t, "the messages processed", func() bool { return w.left("q") == 0 })
	if n := w.count("START "); n != 1 {
		t.Errorf("%d invocations", n)
	}
}
