package lambda

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A function may work on after its answer, until its runtime asks for the next
// invocation. Its caller has the answer at once, and the sandbox is busy until
// then: https://aws.amazon.com/blogs/compute/running-code-after-returning-a-response-from-an-aws-lambda-function/.
// Most runtimes ask within a moment. A client whose next request is quicker than
// that would have a second sandbox started, which no client of AWS is near enough
// for. So its invocation waits for the sandbox for patience, and takes over its
// place among those that run.

// patience is how long an invocation waits for a sandbox whose answer is out.
const patience = 250 * time.Millisecond

// Answer is Invoke for a caller that needs the answer alone: it returns before
// the invocation is at its end, with a Result without Log.
func (r *Runtime) Answer(ctx context.Context, v Version, payload []byte) (Result, error) {
	inv, err := r.begin(ctx, v, payload)
	if err != nil {
		return Result{}, err
	}
	select {
	case <-inv.answered:
		return Result{Payload: inv.answer.Payload, FunctionError: inv.answer.FunctionError, RequestID: inv.id}, nil
	case <-inv.done: // without an answer: it timed out, or its sandbox is lost
		return inv.result, inv.err
	case <-ctx.Done():
		return Result{}, fmt.Errorf("function %s: %w", v.Name, context.Cause(ctx))
	}
}

// publish gives the caller of an invocation its answer, which then stands
// whatever becomes of the sandbox. The caller holds mu.
func (r *Runtime) publish(s *sandbox, inv *invocation, answer *Result) {
	inv.answer = answer
	close(inv.answered)
	f := r.function(s.version.Name)
	f.answered = append(f.answered, s)
}

// withdraw takes s out of those that an invocation may wait for. The caller
// holds mu.
func (r *Runtime) withdraw(s *sandbox) {
	f := r.function(s.version.Name)
	if i := slices.Index(f.answered, s); i >= 0 {
		f.answered = slices.Delete(f.answered, i, i+1)
	}
}

// queue has an invocation wait for a sandbox of its version whose answer is out,
// and reports whether there is one. The caller holds mu.
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

// lose ends the patience of an invocation: it needs another sandbox, and a place
// beside the one of what still runs in s.
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
