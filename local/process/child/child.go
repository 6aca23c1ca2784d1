// Package child starts processes that do not outlive this one.
package child

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a started process in a group of its own, so that a terminal's
// Ctrl-C reaches it only through its parent.
type Process struct {
	pid  int
	done chan struct{}
	err  error
}

// Start starts cmd. On Linux the process is killed when this one ends, even
// by a kill; elsewhere nothing but an orderly end takes it along.
func Start(cmd *exec.Cmd) (*Process, error) {
	cmd.SysProcAttr = attributes(cmd.SysProcAttr)
	p := &Process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the death signal when the thread that started the
		// process ends, so this one has to live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, <-started
}

// PID is the process's id.
func (p *Process) PID() int { return p.pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the process.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// End asks the process and its group to stop and, after grace, kills them. A
// process that has ended is left alone: its id may be another's by now.
func (p *Process) End(ask syscall.Signal, grace time.Duration) error {
	select {
	case <-p.done:
		return p.err
	default:
	}
	// A shell waits for what it runs, so that asking it alone has no effect.
	if syscall.Kill(-p.pid, ask) != nil {
		syscall.Kill(p.pid, ask)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	// What the process itself has started is in its group, and goes with it. A
	// process without a group of its own goes alone.
	syscall.Kill(-p.pid, syscall.SIGKILL)
	select {
	case <-p.done:
	default:
		syscall.Kill(p.pid, syscall.SIGKILL)
	}
	return p.Wait()
}

// ExitCode is the exit code that an error of Wait tells, 0 for none.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exit.ExitCode()
	}
	return 1
}
