package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startLimit is the time that a start may take. The first start on a machine
// builds the Pulumi CLI.
const startLimit = 40 * time.Minute

// commandLimit is the time that a command may take while several tests compile
// on few cores.
const commandLimit = 5 * time.Minute

// program builds the binary under test once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "local-test-")
	if err != nil {
		return "", err
	}
	// The go command caches test results and knows only files that the test
	// reads or links. Reading the folder here makes changes of the cloud's
	// files invalidate the cache.
	if err := filepath.WalkDir(".", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "local")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// server is a running `local`.
type server struct {
	t     *testing.T
	url   string
	cmd   *exec.Cmd
	ended chan error

	mu     sync.Mutex
	stdout []string
	stderr bytes.Buffer

	seenOut, seenErr int // parts that says has read
}

// serving starts `local` for the project in dir, at a free port, and waits
// until it is ready.
func serving(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	s := start(t, dir, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	if s.url == "" {
		t.Fatalf("local did not get ready: %v\n%s\n%s", <-s.ended, strings.Join(s.stdout, "\n"), s.errors())
	}
	return s
}

// start is like serving, but the start may fail: url is then empty.
func start(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	// The working folder is not the project's, because -C must work anywhere.
	return running(t, ".", append([]string{binary, "-C", dir}, args...)...)
}

// running starts a serving command in cwd, and waits until it is ready or has
// ended.
func running(t *testing.T, cwd string, command ...string) *server {
	t.Helper()
	s := &server{t: t, ended: make(chan error, 1)}
	s.cmd = exec.Command(command[0], command[1:]...)
	s.cmd.Dir = cwd
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = lockedWriter{&s.mu, &s.stderr}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	ready := make(chan string, 1)
	go s.follow(stdout, ready)
	select {
	case s.url = <-ready:
	case <-time.After(startLimit):
		t.Fatalf("local is not ready after %s", startLimit)
	}
	return s
}

// follow reads standard output to its end. It sends the URL when the program is
// ready, and closes ready at the end.
func (s *server) follow(stdout io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		s.mu.Lock()
		s.stdout = append(s.stdout, lines.Text())
		s.mu.Unlock()
		if url, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			ready <- url
		}
	}
	close(ready)
	s.ended <- s.cmd.Wait()
	close(s.ended)
}

func (s *server) errors() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stderr.String()
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	<-s.ended
}

// stop sends a signal and checks that the program ends with code 0.
func (s *server) stop(how syscall.Signal) {
	s.t.Helper()
	s.cmd.Process.Signal(how)
	if err := <-s.ended; err != nil {
		s.t.Errorf("after %v: %v\n%s", how, err, s.errors())
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(data)
}

// pulumi runs `local pulumi ARGS...` and returns its output.
func pulumi(t *testing.T, dir string, args ...string) (output string, err error) {
	t.Helper()
	return local(t, append([]string{"-C", dir, "pulumi"}, args...)...)
}

// mustPulumi is like pulumi, but the command must succeed.
func mustPulumi(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := pulumi(t, dir, args...)
	if err != nil {
		t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// local runs the program until it ends.
func local(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	return localWith(t, os.Environ(), args...)
}

func localWith(t *testing.T, env []string, args ...string) (output string, err error) {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	// The limit ends a command that serves by mistake.
	ctx, cancel := context.WithTimeout(t.Context(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("local %s did not end in %s\n%s", strings.Join(args, " "), commandLimit, out)
	}
	return string(out), err
}

// process is a running process of a local cloud.
type process struct {
	pid     int
	command string
}

// processes returns the running processes of the local cloud in state, found by
// their environment or command line. It works on Linux only.
func processes(t *testing.T, state string) []process {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Log("this system does not list the remaining processes")
		return nil
	}
	var found []process
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range entries {
		environ, _ := os.ReadFile(filepath.Join(p, "environ"))
		cmdline, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		pid, err := strconv.Atoi(filepath.Base(p))
		if err == nil && (bytes.Contains(environ, []byte(state)) || bytes.Contains(cmdline, []byte(state))) {
			found = append(found, process{pid, string(bytes.ReplaceAll(cmdline, []byte{0}, []byte(" ")))})
		}
	}
	return found
}

// nothingRuns checks that no process of the local cloud in state runs, and
// kills any that does.
func nothingRuns(t *testing.T, state string) {
	t.Helper()
	for _, p := range processes(t, state) {
		t.Errorf("process %d still runs: %s", p.pid, p.command)
		syscall.Kill(p.pid, syscall.SIGKILL)
	}
}
