package lambda

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

// eventToken is the store's type for the pending events of asynchronous
// invocations.
const eventToken = FunctionToken + " event"

// event is a pending event of an asynchronous invocation.
type event struct {
	Function string // ARN
	Payload  []byte
	Origin   Origin
	Attempts int // number of failed attempts
	Accepted time.Time
	Due      time.Time // time of the next attempt
}

// maxEventAge is how long an event waits for a throttled function
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
const maxEventAge = 6 * time.Hour

// retryWaits returns the waits before the second and before the third, last
// attempt.
func retryWaits() []time.Duration { return []time.Duration{time.Minute, 2 * time.Minute} }

// InvokeAs authorizes a caller and invokes a function synchronously.
func (f *Functions) InvokeAs(ctx context.Context, c iam.Caller, function string, payload []byte) (Result, error) {
	r, err := f.permittedTo(c, function)
	if err != nil {
		return Result{}, err
	}
	return f.runtime.Invoke(originated(ctx, originOfSession(c)), f.current(r), payload)
}

func (f *Functions) permittedTo(c iam.Caller, function string) (store.Record[Function], error) {
	if err := f.authority.Authorize(c, iam.Request{Action: "lambda:InvokeFunction", Resource: function}); err != nil {
		return store.Record[Function]{}, err
	}
	return f.find(function)
}

// Events runs asynchronous invocations. It stores each event until the function
// has processed it. It is safe for concurrent use.
type Events struct {
	functions *Functions
	report    func(err error) // may be nil
	now       func() time.Time
	after     func(time.Duration) <-chan time.Time

	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	closed  bool
}

// NewEvents returns Events for functions. It calls report for each event that
// it drops. now and after replace the system clock if they are not nil.
func NewEvents(functions *Functions, report func(err error), now func() time.Time, after func(time.Duration) <-chan time.Time) *Events {
	if now == nil {
		now = time.Now
	}
	if after == nil {
		after = time.After
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Events{functions: functions, report: report, now: now, after: after, ctx: ctx, stop: stop}
}

// Start resumes the events in the store.
func (e *Events) Start() error {
	all, err := store.List[event](e.functions.db, eventToken)
	for _, r := range all {
		e.take(r)
	}
	return err
}

// Send authorizes a caller and invokes a function asynchronously, with up to
// two retries. It returns once the event is stored.
func (e *Events) Send(c iam.Caller, function string, payload []byte) error {
	if _, err := e.functions.permittedTo(c, function); err != nil {
		return err
	}
	return e.keep(originOfSession(c), function, payload)
}

// SendFor is like Send for a service, such as events.amazonaws.com, that acts
// for the resource sourceARN. It returns ErrNoPermission if the function has no
// permission for the service.
func (e *Events) SendFor(service, sourceARN, function string, payload []byte) error {
	r, err := e.functions.find(function)
	if err != nil {
		return err
	}
	if err := e.functions.permitted(r, service, sourceARN); err != nil {
		return err
	}
	return e.keep(originOfService(service, sourceARN), function, payload)
}

// keep stores an event and starts its invocation.
func (e *Events) keep(o Origin, function string, payload []byte) error {
	now := e.now()
	r := store.Record[event]{ID: uuid.NewString(), Inputs: event{Function: function, Payload: payload, Origin: o, Accepted: now, Due: now}}
	if err := store.Put(e.functions.db, eventToken, r.ID, r); err != nil {
		return err
	}
	e.take(r)
	return nil
}

// InvokeAs calls Functions.InvokeAs.
func (e *Events) InvokeAs(ctx context.Context, c iam.Caller, function string, payload []byte) (Result, error) {
	return e.functions.InvokeAs(ctx, c, function, payload)
}

// InvokeFor calls Functions.Invoke for a service.
func (e *Events) InvokeFor(ctx context.Context, service, sourceARN, function string, payload []byte) (Result, error) {
	return e.functions.Invoke(ctx, function, service, sourceARN, payload)
}

// Close starts no more attempts and waits for the running ones, until ctx ends.
func (e *Events) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	done := make(chan struct{})
	go func() {
		e.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("asynchronous invocations still run: %w", context.Cause(ctx))
	}
}

func (e *Events) take(r store.Record[event]) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.running.Go(func() {
		if err := e.finish(r); err != nil && e.report != nil {
			e.report(fmt.Errorf("an event for function %s: %w", nameOf(r.Inputs.Function), err))
		}
	})
}

// finish invokes the function for an event until it succeeds or the last
// attempt fails.
func (e *Events) finish(r store.Record[event]) error {
	pause := time.Second
	for {
		if !e.wait(r.Inputs.Due.Sub(e.now())) {
			return nil // the next Start resumes the event
		}
		failed, err := e.attempt(r.Inputs)
		switch {
		case errors.Is(err, ErrClosed):
			return nil
		case errors.Is(err, ErrThrottled) && e.now().Sub(r.Inputs.Accepted) < maxEventAge:
			r.Inputs.Due = e.now().Add(pause)
			pause = min(2*pause, 5*time.Minute)
			continue
		case err != nil:
			return errors.Join(err, store.Delete(e.functions.db, eventToken, r.ID))
		case failed == "":
			return store.Delete(e.functions.db, eventToken, r.ID)
		}
		if r.Inputs.Attempts++; r.Inputs.Attempts > len(retryWaits()) {
			err := fmt.Errorf("the function failed %s times, and the event is dropped: %s", strconv.Itoa(r.Inputs.Attempts), failed)
			return errors.Join(err, store.Delete(e.functions.db, eventToken, r.ID))
		}
		r.Inputs.Due = e.now().Add(retryWaits()[r.Inputs.Attempts-1])
		if err := store.Put(e.functions.db, eventToken, r.ID, r); err != nil {
			return err
		}
	}
}

// wait waits for d and reports whether Events is still open.
func (e *Events) wait(d time.Duration) bool {
	if d > 0 {
		select {
		case <-e.after(d):
		case <-e.ctx.Done():
		}
	}
	return e.ctx.Err() == nil
}

// attempt returns the function's error, or "" if it succeeds.
func (e *Events) attempt(in event) (failed string, err error) {
	function, err := e.functions.find(in.Function)
	if err != nil {
		return "", err
	}
	// A running invocation continues when the cloud closes.
	ctx := WithOrigin(context.WithoutCancel(e.ctx), in.Origin)
	result, err := e.functions.runtime.Invoke(ctx, e.functions.current(function), in.Payload)
	if err == nil && result.FunctionError != "" {
		failed = string(result.Payload)
	}
	return failed, err
}
