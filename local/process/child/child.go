// Package child starts processes that end together with this one.
package child

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a started process in its own process group. So Ctrl-C in a
// terminal reaches it only through its parent.
type Process struct {
	pid  int
	done chan struct{}
	err  error
}

// Start starts cmd. On Linux the kernel kills the process when this one ends,
// even by a kill. On other systems the process ends only if this one calls End.
func Start(cmd *exec.Cmd) (*Process, error) {
	cmd.SysProcAttr = attributes(cmd.SysProcAttr)
	p := &Process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the death signal when the thread that started the process
		// ends, so this thread must stay alive.
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

// PID returns the process id.
func (p *Process) PID() int { return p.pid }

// Done returns a channel that is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits until the process has ended.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// End sends the signal ask to the process and its group and, after grace, kills
// them. It leaves an ended process alone, because its id may belong to another
// process by now.
func (p *Process) End(ask syscall.Signal, grace time.Duration) error {
	select {
	case <-p.done:
		return p.err
	default:
	}
	// A shell ignores the signal while it waits for a command, so the whole
	// group gets it.
	if syscall.Kill(-p.pid, ask) != nil {
		syscall.Kill(p.pid, ask)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	// This also kills what the process has started. A process without its own
	// group is killed alone.
	syscall.Kill(-p.pid, syscall.SIGKILL)
	select {
	case <-p.done:
	default:
		syscall.Kill(p.pid, syscall.SIGKILL)
	}
	return p.Wait()
}

// ExitCode returns the exit code in an error of Wait, 0 for nil.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exit.ExitCode()
	}
	return 1
}
