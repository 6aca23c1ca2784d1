package lambda

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// sandbox is one process of one version, with its log stream. It is ready at
// its first /next, busy from a delivery to the following /next, and idle in
// between. It has ended when the process is gone.
type sandbox struct {
	id      string // secret: the process's path to the Runtime API
	stream  string
	version Version
	runtime *Runtime
	process *os.Process
	output  *output
	memory  *memory
	logging sync.Mutex // orders the log lines
	tail    []byte     // end of the current invocation's log; guarded by logging

	work  chan *invocation // holds at most the current invocation
	ready chan struct{}    // closed at the first /next
	ended chan struct{}    // closed when the process has ended and its output is read

	// Guarded by Runtime.mu.
	current   *invocation
	next      *invocation // waits for this sandbox; see queue
	parked    *apiAnswer  // the waiting /next
	started   bool        // ready is closed
	ending    bool        // killed or gone
	retired   bool        // ends after its current invocation
	idleTimer *time.Timer
	initError []byte  // body of its /init/error
	exit      failure // how it ended; set before ended is closed
}

// invocation is one event and its processing. Runtime.mu guards the fields
// below done until done is closed.
type invocation struct {
	id, trace string
	version   Version
	payload   []byte
	origin    Origin
	asked     time.Time
	answered  chan struct{} // closed when answer is final
	done      chan struct{}

	began     time.Time
	deadline  time.Time
	init      time.Duration // init time, if the invocation started the sandbox
	took      time.Duration // as in the REPORT line
	timer     *time.Timer
	delivered bool
	answering bool // the body is being read
	answer    *Result
	overtime  bool
	tail      []byte // end of its log
	result    Result
	err       error
}

func newInvocation(v Version, payload []byte) *invocation {
	now := time.Now()
	return &invocation{id: uuid.NewString(), trace: newTrace(now), version: v, payload: payload, asked: now, answered: make(chan struct{}), done: make(chan struct{})}
}

// watch waits for the end of a sandbox's process and settles its invocation.
func (r *Runtime) watch(s *sandbox) {
	defer r.children.Done()
	state, _ := s.process.Wait()
	killGroup(s.process.Pid)
	s.output.close()
	s.memory.close()

	r.mu.Lock()
	s.exit = exited(state)
	s.ending = true
	r.forget(s)
	r.withdraw(s)
	delete(r.sandboxes, s.id)
	inv := s.current
	s.current = nil
	if inv != nil && inv.timer != nil {
		inv.timer.Stop()
	}
	killing := r.killing
	var answer *Result
	if inv != nil {
		answer = inv.answer
	}
	r.mu.Unlock()
	close(s.ended)

	if inv == nil {
		return
	}
	// A posted answer is final, even if the process exits without calling
	// /next: a panic is posted to /error before the process exits.
	switch {
	case answer != nil:
		inv.result = *answer
	case inv.overtime:
		inv.result = timedOut(inv.version.Timeout).result(inv.id)
	case killing:
		inv.err = fmt.Errorf("function %s: %w", inv.version.Name, ErrClosed)
	default:
		inv.result = s.exit.result(inv.id)
	}
	s.report(inv, peakOf(state))
	inv.result = inv.logged(inv.result)
	r.settle(inv, s)
}

// deliver gives an invocation to a ready sandbox. The invocation's timeout
// counts from start. deliver reports false if the process is gone.
func (s *sandbox) deliver(inv *invocation, start time.Time) bool {
	r := s.runtime
	r.mu.Lock()
	inv.began, inv.deadline = start, start.Add(inv.version.Timeout)
	if s.ending {
		r.mu.Unlock()
		return false
	}
	s.current = inv
	inv.timer = time.AfterFunc(time.Until(inv.deadline), func() { r.overtime(s, inv) })
	r.mu.Unlock()
	s.handOver(inv)
	return true
}

// fail settles an invocation whose new sandbox ended after its first /next and
// before the delivery.
func (r *Runtime) fail(s *sandbox, inv *invocation) {
	<-s.ended
	if inv.result = s.exit.result(inv.id); r.isKilling() {
		inv.result, inv.err = Result{}, ErrClosed
	}
	s.reportFailure(inv, inv.result, inv.began)
	inv.result = inv.logged(inv.result)
	r.settle(inv, nil)
}

// overtime ends a sandbox whose invocation has reached its timeout.
func (r *Runtime) overtime(s *sandbox, inv *invocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.current == inv {
		inv.overtime = true
		s.end()
	}
}

// finish settles the current invocation of a sandbox that calls /next.
func (s *sandbox) finish(inv *invocation) {
	s.output.flush()
	inv.result = *inv.answer
	s.report(inv, s.memory.peak(time.Since(inv.began)))
	inv.result = inv.logged(inv.result)
	s.runtime.settle(inv, s)
}

// end kills the process; watch settles its invocation. The caller holds
// Runtime.mu.
func (s *sandbox) end() {
	if s.ending {
		return
	}
	s.ending = true
	if s.version.Debugger != nil {
		// SIGKILL would leave the function running, because a debugger starts
		// it in a separate process group.
		_ = s.process.Signal(syscall.SIGTERM)
		time.AfterFunc(debugGrace, func() { _ = s.process.Kill() })
		return
	}
	_ = s.process.Kill()
}

func (r *Runtime) kill(s *sandbox) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.end()
}

func (r *Runtime) isKilling() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.killing
}
