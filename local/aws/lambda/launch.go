package lambda

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// coldStart starts a sandbox for an invocation. If the init phase fails or
// takes longer than InitTimeout, it runs a second time as part of the
// invocation and within the function's timeout. Only the second result is
// returned. See
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html.
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

// initialise waits for the first /next and returns "". If the process ends
// first, it returns "error"; if the limit passes, it kills the process and
// returns "timeout".
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

// initResult returns the result of an invocation whose sandbox did not become
// ready.
func (s *sandbox) initResult(requestID, status string, limit time.Duration) Result {
	switch {
	case status == "timeout":
		return timedOut(limit).result(requestID)
	case s.initError != nil:
		return Result{Payload: s.initError, FunctionError: unhandled}
	}
	return s.exit.result(requestID)
}

// launch starts the process of a new sandbox. It returns a sandbox even with an
// error, so that the error has a log stream.
func (r *Runtime) launch(v Version) (*sandbox, *launchError) {
	s := &sandbox{
		id: randomHex(16), stream: newStream(time.Now()), version: v, runtime: r,
		work: make(chan *invocation, 1), ready: make(chan struct{}), ended: make(chan struct{}),
	}
	path, bad := findBootstrap(v)
	if bad != nil {
		return s, bad
	}
	if v.Debugger != nil {
		r.awaitOthers(v)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return s, &launchError{err: fmt.Errorf("function %s: %w", v.Name, err)}
	}
	defer writer.Close()

	// Hold the lock, so that Close either sees the process or prevents its
	// start. It also makes an early /next call wait until the sandbox is
	// registered.
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
