package lambda

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

// Queue is the part of SQS that event source mappings use. The policies of the
// caller c decide whether a call is allowed.
type Queue interface {
	// Receive waits up to wait for messages and receives up to limit of them,
	// for the queue's visibility timeout.
	Receive(ctx context.Context, c iam.Caller, queueARN string, limit int, wait time.Duration) ([]Message, error)

	// Delete deletes messages by their receipt handles.
	Delete(c iam.Caller, queueARN string, handles []string) error

	// Authorize returns an error if the caller may not do an action, such as
	// ReceiveMessage, on a queue, or if the queue does not exist.
	Authorize(c iam.Caller, queueARN, action string) error

	// VisibilityTimeout returns the visibility timeout of a queue.
	VisibilityTimeout(queueARN string) (time.Duration, error)

	// Send sends a message with string attributes to a queue.
	Send(c iam.Caller, queueARN, body string, attributes map[string]string) error
}

// pollWait is how long one receive waits for messages. errorPause is the pause
// after an error of the queue. throttlePause and throttleMost are the first and
// the longest pause for a throttled function.
const (
	pollWait      = 20 * time.Second
	errorPause    = 5 * time.Second
	throttlePause = 100 * time.Millisecond
	throttleMost  = 5 * time.Second
)

// EventSources polls queues and streams for functions, with one poller for each
// mapping in the store. It is safe for concurrent use.
type EventSources struct {
	functions *Functions
	queue     Queue
	stream    Stream
	report    func(err error) // may be nil
	pause     time.Duration   // after an error of the source
	retry     time.Duration   // after the first failure of a stream's batch
	now       func() time.Time

	mu      sync.Mutex
	pollers map[string]*poller // by the mapping's id
	closed  bool
}

// poller polls for one version of a mapping.
type poller struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when polling has stopped and no batch runs
}

// NewEventSources returns EventSources that invoke functions with messages of
// queue and records of stream. It calls report with the errors of a mapping.
// Start starts polling.
func NewEventSources(functions *Functions, queue Queue, stream Stream, report func(err error)) *EventSources {
	return &EventSources{
		functions: functions, queue: queue, stream: stream, report: report,
		pause: errorPause, retry: retryPause, now: time.Now, pollers: map[string]*poller{},
	}
}

// Start polls for the mappings that are already in the store. A mapping that is
// created later starts without it.
func (e *EventSources) Start() error {
	all, err := store.List[EventSourceMapping](e.functions.db, EventSourceMappingToken)
	for _, r := range all {
		e.poll(r)
	}
	return err
}

// Close stops polling and waits for the running batches, until ctx ends. Call
// it before closing the functions' Runtime.
func (e *EventSources) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	var all []*poller
	for _, p := range e.pollers {
		p.cancel()
		all = append(all, p)
	}
	e.mu.Unlock()
	for _, p := range all {
		select {
		case <-p.done:
		case <-ctx.Done():
			return fmt.Errorf("event sources: batches still run: %w", context.Cause(ctx))
		}
	}
	return nil
}

// poll starts a poller for a mapping. It waits for the previous poller first,
// so that no more batches run at once than the mapping allows.
func (e *EventSources) poll(r store.Record[EventSourceMapping]) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	before := e.pollers[r.ID]
	if before != nil {
		before.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &poller{cancel, make(chan struct{})}
	e.pollers[r.ID] = p
	go func() {
		defer close(p.done)
		if before != nil {
			<-before.done
		}
		switch {
		case !r.Inputs.enabled():
		case r.Inputs.ofStream():
			e.follow(ctx, r)
		default:
			e.run(ctx, r)
		}
	}()
}

// stop stops a mapping's poller and waits for the running batches.
func (e *EventSources) stop(ctx context.Context, id string) error {
	e.mu.Lock()
	p := e.pollers[id]
	e.mu.Unlock()
	if p == nil {
		return nil
	}
	p.cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		return fmt.Errorf("event source mapping %s: batches still run: %w", id, context.Cause(ctx))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pollers[id] == p {
		delete(e.pollers, id)
	}
	return nil
}

// run polls until ctx ends, then waits for the running batches.
func (e *EventSources) run(ctx context.Context, r store.Record[EventSourceMapping]) {
	slots := make(chan struct{}, r.Inputs.concurrency())
	var batches sync.WaitGroup
	defer batches.Wait()
	reported := ""
	for {
		// Reserve a slot before receiving: a message that waits for a slot
		// would use up its visibility timeout.
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		messages, err := e.gather(ctx, r)
		if len(messages) > 0 {
			batches.Go(func() {
				defer func() { <-slots }()
				e.process(ctx, r, messages)
			})
		} else {
			<-slots
		}
		if ctx.Err() != nil {
			return
		}
		reported = e.rest(ctx, r, err, reported)
	}
}

// rest ends a round of polling. After an error it pauses. It reports an error
// only if it differs from reported, and returns the last reported error.
func (e *EventSources) rest(ctx context.Context, r store.Record[EventSourceMapping], err error, reported string) string {
	if err == nil {
		return ""
	}
	if err.Error() != reported {
		e.reportFor(r, err)
	}
	sleep(ctx, e.pause)
	return err.Error()
}

func (e *EventSources) reportFor(r store.Record[EventSourceMapping], err error) {
	if e.report != nil {
		e.report(fmt.Errorf("%s for function %s: %w", sourceName(r.Inputs), nameOf(r.Inputs.FunctionName), err))
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// gather receives a batch: the available messages, or more within the batching
// window. It returns messages together with an error, because they are already
// in flight.
func (e *EventSources) gather(ctx context.Context, r store.Record[EventSourceMapping]) ([]Message, error) {
	in := r.Inputs
	function, err := e.functions.find(in.FunctionName)
	if err != nil {
		return nil, err
	}
	caller := iam.Session(function.Inputs.Role, function.ID)
	size, window := in.batchSize(), time.Duration(in.MaximumBatchingWindowInSeconds)*time.Second
	messages, err := e.receive(ctx, caller, in, size, pollWait)
	deadline := time.Now().Add(window)
	for err == nil && len(messages) > 0 && len(messages) < size && time.Until(deadline) > 0 {
		var more []Message
		more, err = e.receive(ctx, caller, in, size-len(messages), time.Until(deadline))
		messages = append(messages, more...)
	}
	return messages, err
}

// process invokes the function with a batch and deletes the processed messages.
// The others become visible again after their visibility timeout.
func (e *EventSources) process(ctx context.Context, r store.Record[EventSourceMapping], messages []Message) {
	for _, batch := range split(r.Inputs, messages) {
		done, err := e.deliver(ctx, r, batch)
		if err == nil && len(done) > 0 {
			err = e.delete(r, done)
		}
		if err != nil {
			e.reportFor(r, err)
		}
	}
}

// deliver returns the receipt handles of the messages that the function has
// processed. After an error of the function it returns none; the function's log
// has the error.
func (e *EventSources) deliver(ctx context.Context, r store.Record[EventSourceMapping], b batch) ([]string, error) {
	visibility, err := e.queue.VisibilityTimeout(r.Inputs.EventSourceARN)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for pause := throttlePause; ; pause = min(2*pause, throttleMost) {
		function, err := e.functions.find(r.Inputs.FunctionName)
		if err != nil {
			return nil, err
		}
		v := e.functions.current(function)
		// A running batch continues when polling stops.
		result, err := e.functions.runtime.Invoke(WithOrigin(context.WithoutCancel(ctx), Origin{Kind: "queue", Source: r.Inputs.EventSourceARN}), v, b.event)
		if err == nil && result.FunctionError != "" {
			return nil, nil
		}
		if err == nil {
			return b.done(result.Payload, r.Inputs.reportsFailures()), nil
		}
		// The messages must not become visible again while the function
		// processes them.
		late := time.Since(began)+pause+v.Timeout > visibility
		if !errors.Is(err, ErrThrottled) || late || ctx.Err() != nil {
			return nil, err
		}
		sleep(ctx, pause)
	}
}

func (e *EventSources) delete(r store.Record[EventSourceMapping], handles []string) error {
	function, err := e.functions.find(r.Inputs.FunctionName)
	if err != nil {
		return err
	}
	return e.queue.Delete(iam.Session(function.Inputs.Role, function.ID), r.Inputs.EventSourceARN, handles)
}
