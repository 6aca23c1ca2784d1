package inspect

import (
	"context"
	"slices"
	"sync"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// Limits of a Recorder: entries and their total bytes, and traces of running
// invocations and their calls.
const (
	maxEntries = 200
	maxBytes   = 32 << 20
	maxTraces  = 256
	maxCalls   = 50
)

// Recorder keeps the latest requests and invocations. It keeps pointers instead
// of copies, so a request waits for its lock only. It is safe for concurrent
// use.
type Recorder struct {
	mu      sync.Mutex
	changes uint64            // number of changes so far
	entries map[string]*Entry // by id; replaced, never changed
	order   []string          // ids, the oldest first
	bytes   int
	wake    chan struct{} // closed at the next change; nil if no reader waits

	calls  map[string][]Call // of running invocations, by trace
	traces []string          // keys of calls, the oldest first
}

// NewRecorder returns an empty recorder.
func NewRecorder() *Recorder {
	return &Recorder{entries: map[string]*Entry{}, calls: map[string][]Call{}}
}

// Exchange records an answered request.
func (r *Recorder) Exchange(x httpapi.Exchange) {
	request, size := keepRequest(x)
	r.mu.Lock()
	defer r.mu.Unlock()
	e := Entry{ID: x.ID, Kind: "request", Source: x.Route, Began: x.Began, Duration: x.Duration, Request: request, bytes: size}
	if before := r.entries[x.ID]; before != nil { // its invocations were recorded first
		e.Invocations = before.Invocations
		e.bytes += before.bytes
	}
	r.put(&e)
}

// Invocation records a finished invocation, in the entry of its request or as
// an entry.
func (r *Recorder) Invocation(in lambda.Invocation) {
	i, size := keepInvocation(in)
	r.mu.Lock()
	defer r.mu.Unlock()
	i.Calls = r.takeCalls(in.Trace)
	e := Entry{ID: in.ID, Kind: in.Origin.Kind, Source: in.Origin.Source, Began: in.Began, Duration: in.Duration}
	if in.Origin.Kind == "request" || in.Origin.Kind == "authorizer" {
		e = Entry{ID: in.Origin.ID, Kind: "request", Source: in.Origin.Source, Began: in.Began}
	}
	if before := r.entries[e.ID]; before != nil {
		e = *before
	}
	e.Invocations = append(slices.Clip(e.Invocations), i)
	e.bytes += size
	r.put(&e)
}

// Call records a call of a service, by the trace of the invocation that makes
// it.
func (r *Recorder) Call(trace string, u iam.Use) {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls, known := r.calls[trace]
	for i := range calls {
		if calls[i].Use == u {
			calls[i].Times++
			return
		}
	}
	if len(calls) == maxCalls {
		return
	}
	if !known {
		r.traces = append(r.traces, trace)
		if len(r.traces) > maxTraces {
			delete(r.calls, r.traces[0])
			r.traces = slices.Delete(r.traces, 0, 1)
		}
	}
	r.calls[trace] = append(calls, Call{Use: u, Times: 1})
}

// takeCalls removes and returns the calls of an invocation. The caller holds
// mu.
func (r *Recorder) takeCalls(trace string) []Call {
	calls, known := r.calls[trace]
	if known {
		delete(r.calls, trace)
		r.traces = slices.DeleteFunc(r.traces, func(t string) bool { return t == trace })
	}
	return calls
}

// put adds or replaces an entry, and drops the oldest entries beyond the
// limits. The caller holds mu.
func (r *Recorder) put(e *Entry) {
	if before := r.entries[e.ID]; before != nil {
		r.bytes -= before.bytes
	} else {
		r.order = append(r.order, e.ID)
	}
	r.entries[e.ID] = e
	r.bytes += e.bytes
	for len(r.order) > 1 && (len(r.order) > maxEntries || r.bytes > maxBytes) {
		r.bytes -= r.entries[r.order[0]].bytes
		delete(r.entries, r.order[0])
		r.order = slices.Delete(r.order, 0, 1)
	}
	if e.waits() {
		return
	}
	r.changes++
	e.Change = r.changes
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
}

// Entries returns the recorded entries, the latest first.
func (r *Recorder) Entries() []*Entry {
	entries, _ := r.since(0)
	return entries
}

// Entry returns an entry; ok is false if it was never recorded or is dropped.
func (r *Recorder) Entry(id string) (e *Entry, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e = r.entries[id]
	return e, e != nil && !e.waits()
}

// Changed waits for changes after the given one. It returns the entries that
// changed, the latest first, and the number of the last change. A number above
// the last change comes from an earlier run of the cloud, and counts as 0.
func (r *Recorder) Changed(ctx context.Context, after uint64) ([]*Entry, uint64, error) {
	for {
		r.mu.Lock()
		if after > r.changes {
			after = 0
		}
		if r.changes > after {
			r.mu.Unlock()
			entries, last := r.since(after)
			return entries, last, nil
		}
		if r.wake == nil {
			r.wake = make(chan struct{})
		}
		wake := r.wake
		r.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, after, context.Cause(ctx)
		}
	}
}

func (r *Recorder) since(after uint64) (entries []*Entry, last uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range slices.Backward(r.order) {
		if e := r.entries[id]; !e.waits() && e.Change > after {
			entries = append(entries, e)
		}
	}
	return entries, r.changes
}
