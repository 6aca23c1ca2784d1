package lambda

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	"skiff/local/process/child"
)

// A starter starts every process of a runtime from one operating system thread.
// Linux sends the parent-death signal when the thread that forked dies, not the
// program, so that thread must live as long as its children.
type starter struct {
	requests chan startRequest
	done     chan struct{}
}

type startRequest struct {
	argv  []string
	attr  *os.ProcAttr
	reply chan startReply
}

type startReply struct {
	process *os.Process
	err     error
}

func newStarter() *starter {
	s := &starter{requests: make(chan startRequest), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *starter) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.done)
	for q := range s.requests {
		process, err := startProcess(q.argv, q.attr)
		q.reply <- startReply{process, err}
	}
}

// startProcess tries again for a moment while the file is "text busy": a
// process forked while the file was being unpacked still holds it open for
// writing until it execs (https://go.dev/issue/22315).
func startProcess(argv []string, attr *os.ProcAttr) (*os.Process, error) {
	const tries, pause = 20, 10 * time.Millisecond
	for try := 1; ; try++ {
		process, err := os.StartProcess(argv[0], argv, attr)
		if !errors.Is(err, syscall.ETXTBSY) || try == tries {
			return process, err
		}
		time.Sleep(pause)
	}
}

// start runs a command with its standard output and error going to out, in a process
// group of its own: a Ctrl-C on the terminal is for us, not for the functions.
func (s *starter) start(argv []string, dir string, env []string, out *os.File) (*os.Process, error) {
	in, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	reply := make(chan startReply, 1)
	s.requests <- startRequest{argv, &os.ProcAttr{Dir: dir, Env: env, Files: []*os.File{in, out, out}, Sys: child.Attributes()}, reply}
	r := <-reply
	return r.process, r.err
}

// close ends the thread. Only call it when no child is left.
func (s *starter) close() {
	close(s.requests)
	<-s.done
}

// killGroup ends a process and what it started. The group keeps the number from
// being given to another process for as long as it has a member.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
