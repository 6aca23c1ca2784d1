package lambda

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Options are the figures of a runtime; a zero value means the default.
type Options struct {
	// IdleTimeout is how long a process is kept warm; 5 minutes. AWS does not
	// say how long it keeps one.
	IdleTimeout time.Duration

	// InitTimeout is the time from the start of a process to its first /next;
	// 10 s, as on AWS. See coldStart for what follows.
	InitTimeout time.Duration

	// Concurrency is the account's limit over all functions; AccountConcurrency.
	Concurrency int

	// Observe is called with each invocation that has ended, soon after its
	// caller has the answer. It must not wait. It may be nil.
	Observe func(Invocation)
}

// Runtime holds the sandboxes of all functions.
type Runtime struct {
	options  Options
	listener net.Listener
	starter  *starter
	children sync.WaitGroup // processes that are not yet waited for

	mu        sync.Mutex // guards what follows and the mutable part of every sandbox and invocation
	sandboxes map[string]*sandbox
	functions map[string]*function
	running   int
	closing   bool
	killing   bool
	drained   chan struct{} // closed when closing and nothing runs
}

// A function is what is known of one name over all its versions.
type function struct {
	running int
	idle    []*sandbox // the most recently used last
	keep    string     // the only version whose sandboxes stay; "" for any

	answered []*sandbox // whose answer is out, and for which no invocation waits
}

// NewRuntime listens for Runtime API calls on a free port of 127.0.0.1. Close
// it to end what it started.
func NewRuntime(o Options) (*Runtime, error) {
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 5 * time.Minute
	}
	if o.InitTimeout == 0 {
		o.InitTimeout = 10 * time.Second
	}
	if o.Concurrency == 0 {
		o.Concurrency = AccountConcurrency
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambda runtime api: %w", err)
	}
	r := &Runtime{
		options: o, listener: listener, starter: newStarter(),
		sandboxes: map[string]*sandbox{}, functions: map[string]*function{},
		drained: make(chan struct{}),
	}
	go r.accept()
	return r, nil
}

// Invoke runs one invocation to its end. A failure of the function or its
// sandbox is a Result with FunctionError set, not an error; errors are
// ErrThrottled, ErrPayloadTooLarge, ErrClosed and that of ctx. When ctx ends
// first the function runs on, as on AWS, and still counts as running.
func (r *Runtime) Invoke(ctx context.Context, v Version, payload []byte) (Result, error) {
	if d := v.Debugger; d != nil {
		release, err := d.take()
		if err != nil {
			return Result{}, fmt.Errorf("function %s: %w", v.Name, err)
		}
		defer release()
		ctx = context.WithoutCancel(ctx)
	}
	inv, err := r.begin(ctx, v, payload)
	if err != nil {
		return Result{}, err
	}
	select {
	case <-inv.done:
		return inv.result, inv.err
	case <-ctx.Done():
		return Result{}, fmt.Errorf("function %s: %w", v.Name, context.Cause(ctx))
	}
}

// begin has an invocation run.
func (r *Runtime) begin(ctx context.Context, v Version, payload []byte) (*invocation, error) {
	if len(payload) > MaxRequestBytes {
		return nil, fmt.Errorf("function %s: %w", v.Name, ErrPayloadTooLarge)
	}
	inv := newInvocation(v, payload)
	inv.origin = originOf(ctx)
	warm, waits, err := r.admit(inv, true)
	if err != nil {
		inv.err = err
		r.observe(inv)
		return nil, fmt.Errorf("function %s: %w", v.Name, err)
	}
	if !waits {
		r.run(warm, inv)
	}
	return inv, nil
}

// run has a warm sandbox, or a new one where there is none, take an invocation
// that has its place.
func (r *Runtime) run(warm *sandbox, inv *invocation) {
	// A warm process may have ended by itself a moment ago: then a new one serves.
	if warm == nil || !warm.deliver(inv, time.Now()) {
		go r.coldStart(inv)
	}
}

// admit counts the invocation in and returns an idle sandbox of its version, or
// nil when a new one is needed; or it has it wait for one whose answer is out. AWS
// takes reserved concurrency from the account's and leaves the rest to the others;
// here only both limits are checked.
func (r *Runtime) admit(inv *invocation, mayWait bool) (warm *sandbox, waits bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := inv.version
	if r.closing {
		return nil, false, ErrClosed
	}
	f := r.function(v.Name)
	full := r.running >= r.options.Concurrency || v.Reserved >= 0 && f.running >= v.Reserved
	if !full {
		warm = f.takeIdle(v)
	}
	if warm == nil && mayWait && v.Reserved != 0 && r.queue(f, inv) {
		return nil, true, nil
	}
	if full {
		return nil, false, ErrThrottled
	}
	r.running++
	f.running++
	return warm, false, nil
}

// function returns the entry of a name. The caller holds mu.
func (r *Runtime) function(name string) *function {
	f := r.functions[name]
	if f == nil {
		f = &function{}
		r.functions[name] = f
	}
	return f
}

// settle wakes the caller of an invocation and counts it out, unless another one
// takes over its place. s is its sandbox, or nil when it had none.
func (r *Runtime) settle(inv *invocation, s *sandbox) {
	r.mu.Lock()
	var next *invocation
	if s != nil {
		next, s.next = s.next, nil
	}
	f := r.function(inv.version.Name)
	if next != nil {
		next.timer.Stop()
	} else {
		r.running--
		f.running--
	}
	if next == nil && s != nil {
		r.rest(f, s)
	}
	if r.closing && r.running == 0 {
		close(r.drained)
	}
	r.mu.Unlock()
	r.observe(inv)
	close(inv.done)
	if next != nil {
		r.run(s, next)
	}
}

// Close refuses new invocations, lets those in flight finish until ctx ends,
// then ends every process and waits for it. It returns ctx's error when
// something in flight had to be cut off.
func (r *Runtime) Close(ctx context.Context) error {
	r.mu.Lock()
	if r.closing {
		r.mu.Unlock()
		return ErrClosed
	}
	r.closing = true
	if r.running == 0 {
		close(r.drained)
	}
	r.mu.Unlock()

	var cut error
	select {
	case <-r.drained:
	case <-ctx.Done():
		cut = fmt.Errorf("lambda: invocations were cut off: %w", context.Cause(ctx))
	}
	r.mu.Lock()
	r.killing = true
	for _, s := range r.sandboxes {
		s.end()
	}
	r.mu.Unlock()

	r.children.Wait()
	<-r.drained // what was cut off is told so
	r.starter.close()
	return errors.Join(cut, r.listener.Close())
}
