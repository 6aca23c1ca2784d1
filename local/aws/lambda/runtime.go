package lambda

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Options configures a Runtime; a zero value means the default.
type Options struct {
	// IdleTimeout is how long an idle process is kept. The default is 5
	// minutes; AWS does not document its value.
	IdleTimeout time.Duration

	// InitTimeout is the time limit from the start of a process to its first
	// /next. The default is 10 s, as on AWS. See coldStart for what follows a
	// timeout.
	InitTimeout time.Duration

	// Concurrency is the account's limit for all functions. The default is
	// AccountConcurrency.
	Concurrency int

	// Observe is called with each finished invocation, soon after the caller
	// gets the answer. It must not block. It may be nil.
	Observe func(Invocation)
}

// Runtime runs the sandboxes of all functions.
type Runtime struct {
	options  Options
	listener net.Listener
	starter  *starter
	children sync.WaitGroup // processes that have not been waited for

	mu        sync.Mutex // guards the fields below and the mutable fields of every sandbox and invocation
	sandboxes map[string]*sandbox
	functions map[string]*function
	running   int
	closing   bool
	killing   bool
	drained   chan struct{} // closed when closing is set and nothing runs
}

// function is the state of all versions of a function.
type function struct {
	running int
	idle    []*sandbox // the most recently used last
	keep    string     // ID of the only version whose sandboxes stay; "" for any

	answered []*sandbox // have answered, and no invocation waits for them
}

// NewRuntime listens for Runtime API calls on a free port of 127.0.0.1. Close
// stops the listener and the processes.
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

// Invoke runs one invocation to its end. If the function or its sandbox fails,
// Invoke returns a Result with FunctionError and no error. The errors are
// ErrThrottled, ErrPayloadTooLarge, ErrClosed and the cause of ctx. If ctx ends
// first, the function continues, as on AWS, and still counts as running.
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

// begin starts an invocation.
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

// run delivers an admitted invocation to a warm sandbox, or to a new one if
// there is none.
func (r *Runtime) run(warm *sandbox, inv *invocation) {
	// A warm process may have exited a moment ago; then a new one runs the
	// invocation.
	if warm == nil || !warm.deliver(inv, time.Now()) {
		go r.coldStart(inv)
	}
}

// admit counts the invocation as running and returns an idle sandbox of its
// version, or nil if a new one is needed. If waits is true, the invocation
// waits for a sandbox that has answered. AWS subtracts reserved concurrency
// from the account's limit for other functions; here admit only checks both
// limits.
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

// function returns the state of a function. The caller holds mu.
func (r *Runtime) function(name string) *function {
	f := r.functions[name]
	if f == nil {
		f = &function{}
		r.functions[name] = f
	}
	return f
}

// settle finishes an invocation and wakes its caller. It then runs the
// invocation that waits for s, or decreases the concurrency count. s is the
// invocation's sandbox, or nil if it had none.
func (r *Runtime) settle(inv *invocation, s *sandbox) {
	r.mu.Lock()
	var next *invocation
	if s != nil {
		// Until here another invocation could wait for s: while the REPORT line
		// is written, s is neither busy nor idle.
		r.withdraw(s)
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

// Close refuses new invocations and waits for the running ones until ctx ends.
// Then it ends every process and waits for it. It returns the cause of ctx if
// it interrupted an invocation.
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
	<-r.drained // interrupted invocations have their error
	r.starter.close()
	return errors.Join(cut, r.listener.Close())
}
