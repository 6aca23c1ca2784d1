package lambda

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A function may continue after its answer, until its runtime asks for the next
// invocation. The caller gets the answer at once; the sandbox stays busy until
// the runtime asks:
// https://aws.amazon.com/blogs/compute/running-code-after-returning-a-response-from-an-aws-lambda-function/.
//
// Most runtimes ask within a moment. A local client can send its next request
// even earlier, which would start a second sandbox; on AWS the network delay
// prevents this. So the new invocation waits up to patience for the busy
// sandbox. It then replaces the old invocation in the concurrency count.

// patience is how long an invocation waits for a sandbox that has answered.
const patience = 250 * time.Millisecond

// Answer is like Invoke, but returns as soon as the function has answered. Its
// Result has no Log.
func (r *Runtime) Answer(ctx context.Context, v Version, payload []byte) (Result, error) {
	if v.Debugger != nil { // a debugger runs one invocation at a time, to its end
		return r.Invoke(ctx, v, payload)
	}
	inv, err := r.begin(ctx, v, payload)
	if err != nil {
		return Result{}, err
	}
	select {
	case <-inv.answered:
		return Result{Payload: inv.answer.Payload, FunctionError: inv.answer.FunctionError, RequestID: inv.id}, nil
	case <-inv.done: // no answer: a timeout or a lost sandbox
		return inv.result, inv.err
	case <-ctx.Done():
		return Result{}, fmt.Errorf("function %s: %w", v.Name, context.Cause(ctx))
	}
}

// publish gives an invocation's answer to its caller. The answer is final, even
// if the sandbox is lost afterwards. The caller of publish holds mu.
func (r *Runtime) publish(s *sandbox, inv *invocation, answer *Result) {
	inv.answer = answer
	close(inv.answered)
	f := r.function(s.version.Name)
	f.answered = append(f.answered, s)
}

// withdraw removes s from the sandboxes that an invocation may wait for. The
// caller holds mu.
func (r *Runtime) withdraw(s *sandbox) {
	f := r.function(s.version.Name)
	if i := slices.Index(f.answered, s); i >= 0 {
		f.answered = slices.Delete(f.answered, i, i+1)
	}
}

// queue makes an invocation wait for a sandbox of its version that has
// answered, and reports whether there is one. The caller holds mu.
func (r *Runtime) queue(f *function, inv *invocation) bool {
	i := slices.IndexFunc(f.answered, func(s *sandbox) bool {
		return s.version.ID == inv.version.ID && !s.ending && !s.retired
	})
	if i < 0 {
		return false
	}
	s := f.answered[i]
	f.answered = slices.Delete(f.answered, i, i+1)
	s.next = inv
	inv.timer = time.AfterFunc(patience, func() { r.lose(s, inv) })
	return true
}

// lose ends an invocation's wait for s. The invocation then needs another
// sandbox and counts towards the concurrency in addition to the one in s.
func (r *Runtime) lose(s *sandbox, inv *invocation) {
	r.mu.Lock()
	waits := s.next == inv
	if waits {
		s.next = nil
	}
	r.mu.Unlock()
	if !waits {
		return
	}
	warm, _, err := r.admit(inv, false)
	if err != nil {
		inv.err = fmt.Errorf("function %s: %w", inv.version.Name, err)
		r.observe(inv)
		close(inv.done)
		return
	}
	r.run(warm, inv)
}
