package lambda

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	"skiff/local/process/child"
)

// starter starts all processes of a runtime from one operating system thread.
// Linux sends the parent-death signal when the forking thread ends, not when
// the program ends, so that thread must outlive its children.
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

// startProcess retries for a short time while the file is "text busy". A
// process that was forked while the file was being unpacked keeps it open for
// writing until its exec (https://go.dev/issue/22315).
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

// start starts a command with its standard output and error in out. It uses a
// new process group, so that Ctrl-C on the terminal does not reach the
// functions.
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

// close ends the thread. Call it only after all children have ended.
func (s *starter) close() {
	close(s.requests)
	<-s.done
}

// killGroup kills a process and its descendants. The kernel does not reuse the
// group's number while the group has a member.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
