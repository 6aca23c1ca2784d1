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

// eventToken is the type under which the store keeps the events of asynchronous
// invocations that are not done with.
const eventToken = FunctionToken + " event"

// event is one of them.
type event struct {
	Function string // ARN
	Payload  []byte
	Origin   Origin
	Attempts int // of the function
	Accepted time.Time
	Due      time.Time // of the next attempt
}

// maxEventAge is how long an event waits for a function that is throttled
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
const maxEventAge = 6 * time.Hour

// retryWaits are the waits before the second and the third attempt, the last one.
func retryWaits() []time.Duration { return []time.Duration{time.Minute, 2 * time.Minute} }

// InvokeAs runs a function to its end for a caller who has the right to it.
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

// Events are the asynchronous invocations of functions, kept until the function
// is done with them. They are safe for concurrent use.
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

// NewEvents invokes functions later. It calls report for each event that it drops.
// now and after are the clock; nil is the real one.
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

// Start takes up the events that the store holds.
func (e *Events) Start() error {
	all, err := store.List[event](e.functions.db, eventToken)
	for _, r := range all {
		e.take(r)
	}
	return err
}

// Send has a function run for a caller who has the right to it: soon, and twice
// more where it fails. It returns once the event is kept.
func (e *Events) Send(c iam.Caller, function string, payload []byte) error {
	if _, err := e.functions.permittedTo(c, function); err != nil {
		return err
	}
	return e.keep(originOfSession(c), function, payload)
}

// SendFor has a function run for a service, such as events.amazonaws.com, that
// acts for the resource sourceARN, as Send does. A function without a permission
// for it is ErrNoPermission.
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

// keep stores an event and has the function run for it.
func (e *Events) keep(o Origin, function string, payload []byte) error {
	now := e.now()
	r := store.Record[event]{ID: uuid.NewString(), Inputs: event{Function: function, Payload: payload, Origin: o, Accepted: now, Due: now}}
	if err := store.Put(e.functions.db, eventToken, r.ID, r); err != nil {
		return err
	}
	e.take(r)
	return nil
}

// InvokeAs is that of the functions.
func (e *Events) InvokeAs(ctx context.Context, c iam.Caller, function string, payload []byte) (Result, error) {
	return e.functions.InvokeAs(ctx, c, function, payload)
}

// InvokeFor runs a function to its end for a service, as Invoke of the functions.
func (e *Events) InvokeFor(ctx context.Context, service, sourceARN, function string, payload []byte) (Result, error) {
	return e.functions.Invoke(ctx, function, service, sourceARN, payload)
}

// Close starts no more attempts and waits for those that run, until ctx ends.
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

// finish tries an event until the function is done with it or has failed for the
// last time.
func (e *Events) finish(r store.Record[event]) error {
	pause := time.Second
	for {
		if !e.wait(r.Inputs.Due.Sub(e.now())) {
			return nil // it is kept for the next start
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
			err := fmt.Errorf("it failed %s times, and the event is dropped: %s", strconv.Itoa(r.Inputs.Attempts), failed)
			return errors.Join(err, store.Delete(e.functions.db, eventToken, r.ID))
		}
		r.Inputs.Due = e.now().Add(retryWaits()[r.Inputs.Attempts-1])
		if err := store.Put(e.functions.db, eventToken, r.ID, r); err != nil {
			return err
		}
	}
}

// wait reports whether the time has passed; otherwise the events are closed.
func (e *Events) wait(d time.Duration) bool {
	if d > 0 {
		select {
		case <-e.after(d):
		case <-e.ctx.Done():
		}
	}
	return e.ctx.Err() == nil
}

// attempt returns what the function failed with, "" if it did not.
func (e *Events) attempt(in event) (failed string, err error) {
	function, err := e.functions.find(in.Function)
	if err != nil {
		return "", err
	}
	// One that runs is let finish when the cloud closes.
	ctx := WithOrigin(context.WithoutCancel(e.ctx), in.Origin)
	result, err := e.functions.runtime.Invoke(ctx, e.functions.current(function), in.Payload)
	if err == nil && result.FunctionError != "" {
		failed = string(result.Payload)
	}
	return failed, err
}
