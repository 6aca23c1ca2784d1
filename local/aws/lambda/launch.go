package lambda

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// coldStart starts a sandbox for an invocation. An init that fails or takes
// longer than InitTimeout is done once more, then as part of the invocation and
// within the function's own timeout, as
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
// has it. Only the outcome of the second is returned.
func (r *Runtime) coldStart(inv *invocation) {
	v := inv.version
	limit := r.options.InitTimeout
	if v.Debugger != nil {
		limit = leisure
	}
	var result Result
	var err error
	for _, phase := range []struct {
		name  string
		limit time.Duration
	}{{"init", limit}, {"invoke", v.Timeout}} {
		began := time.Now()
		s, bad := r.launch(v)
		if bad != nil {
			if err = bad.err; err == nil {
				s.printf("%s", bad.advice)
				result = bad.failure.result(inv.id)
				s.reportFailure(inv, result, began)
			}
			break
		}
		status := s.initialise(phase.limit)
		took := time.Since(began)
		if status == "" {
			start := time.Now()
			if phase.name == "invoke" {
				start = began
			}
			inv.init = took
			if !s.deliver(inv, start) {
				r.fail(s, inv)
			}
			return
		}
		s.printf("INIT_REPORT Init Duration: %s ms\tPhase: %s\tStatus: %s", milliseconds(took), phase.name, status)
		if result, err = s.initResult(inv.id, status, v.Timeout), nil; r.isKilling() {
			err = ErrClosed
			break
		}
		if phase.name == "invoke" {
			s.reportFailure(inv, result, began)
		}
	}
	inv.result, inv.err = inv.logged(result), err
	if err != nil {
		inv.result = Result{}
	}
	r.settle(inv, nil)
}

// initialise waits for the first /next and returns "" or why it did not come:
// "error" or "timeout". In both the process is gone.
func (s *sandbox) initialise(limit time.Duration) string {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.ready:
		return ""
	case <-s.ended:
		return "error"
	case <-timer.C:
	}
	s.runtime.kill(s)
	<-s.ended
	return "timeout"
}

// initResult is what an invocation gets when its sandbox never became ready.
func (s *sandbox) initResult(requestID, status string, limit time.Duration) Result {
	switch {
	case status == "timeout":
		return timedOut(limit).result(requestID)
	case s.initError != nil:
		return Result{Payload: s.initError, FunctionError: unhandled}
	}
	return s.exit.result(requestID)
}

// launch starts the process of a new sandbox. The sandbox is never nil, so that
// there is a log stream for what went wrong.
func (r *Runtime) launch(v Version) (*sandbox, *launchError) {
	s := &sandbox{
		id: randomHex(16), stream: newStream(time.Now()), version: v, runtime: r,
		work: make(chan *invocation, 1), ready: make(chan struct{}), ended: make(chan struct{}),
	}
	path, bad := findBootstrap(v)
	if bad != nil {
		return s, bad
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return s, &launchError{err: fmt.Errorf("function %s: %w", v.Name, err)}
	}
	defer writer.Close()

	// Under the lock, so that Close sees either the process or no start at all,
	// and a call of /next never comes before its sandbox is known.
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killing {
		_ = reader.Close()
		return s, &launchError{err: ErrClosed}
	}
	argv := []string{path}
	if v.Debugger != nil {
		argv = append(slices.Clone(v.Debugger.Command), path)
	}
	env := environment(v, r.listener.Addr().String()+"/"+s.id, s.stream)
	s.process, err = r.starter.start(argv, v.Dir, env, writer)
	if err != nil {
		_ = reader.Close()
		return s, explain(v, path, err)
	}
	s.output, s.memory = newOutput(reader, s.log), openMemory(s.process.Pid)
	r.sandboxes[s.id] = s
	r.children.Add(1)
	go r.watch(s)
	if v.Debugger != nil && v.Debugger.Started != nil {
		go v.Debugger.Started()
	}
	return s, nil
}
