// Package dynoxide runs DynamoDB on this machine: the program Dynoxide, pinned
// by version and digest, as a child process that ends with its parent.
//
// Unlike DynamoDB, Dynoxide has no continuous backups and does not delete
// expired items. It accepts an empty key value in a Query. It does not check
// the types of existing items when an index is added. Its ARNs have the region
// "dynoxide".
//
// It syncs each write before it acknowledges it. A Query of large items is
// slow: it reads up to its limit, then cuts the page at 1 MB.
package dynoxide

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"skiff/local/process/child"
	"skiff/local/process/lock"
)

const (
	startLimit = 20 * time.Second // from the start until it listens
	lockLimit  = 5 * time.Second  // for an earlier process that is still ending
	closeLimit = 5 * time.Second  // from SIGTERM until SIGKILL
	portTries  = 5                // ports to try, if another process takes a free port first
)

// ErrLocked means that another process has the data open.
var ErrLocked = errors.New("another process has the data open")

// errPortTaken means that another process took the port first.
var errPortTaken = errors.New("the port is in use")

// Options configures a Server.
type Options struct {
	// Binary is the path that Install returned.
	Binary string

	// Path is the data file, which is created with its folder if missing. If
	// empty, the data is in memory.
	Path string

	// Stderr gets the standard error of the process. Nil discards it.
	Stderr io.Writer
}

// Server is one running Dynoxide.
type Server struct {
	url     string
	process *child.Process

	closing sync.Once
	closed  chan struct{} // closed when Close is called
}

// Start starts Dynoxide on a free port of 127.0.0.1 and returns once it
// listens. ctx limits only the start; Close ends the server. The error wraps
// ErrLocked while another process has the data open.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("dynoxide: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o Options) (*Server, error) {
	var held *os.File
	if o.Path != "" {
		var err error
		if o.Path, err = filepath.Abs(o.Path); err != nil {
			return nil, err
		}
		if held, err = hold(ctx, o.Path); err != nil {
			return nil, err
		}
		defer held.Close() // the process keeps it open
	}
	for try := 1; ; try++ {
		s, err := startOnce(ctx, o, held)
		if !errors.Is(err, errPortTaken) || try == portTries {
			return s, err
		}
	}
}

// hold locks the data. SQLite would let two servers write the same file, and
// each would assume that the tables are its own.
func hold(ctx context.Context, path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lockLimit, ErrLocked)
	defer cancel()
	held, err := lock.Open(ctx, path+".lock", func() {})
	if err != nil && errors.Is(context.Cause(ctx), ErrLocked) {
		return nil, fmt.Errorf("%w: %s; end that process, then try again", ErrLocked, path)
	}
	return held, err
}

func startOnce(ctx context.Context, o Options, held *os.File) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{url: "http://127.0.0.1:" + port, closed: make(chan struct{})}
	first := make(chan string, 1)
	cmd := command(o, port, held)
	cmd.Stderr = &output{first: first, rest: o.Stderr, closed: s.closed}
	// The pipe stays open as long as this process lives. See guarded.
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if s.process, err = child.Start(cmd); err != nil {
		return nil, err
	}
	if err := s.await(ctx, first); err != nil {
		s.process.End(syscall.SIGKILL, 0)
		return nil, err
	}
	return s, nil
}

// freePort returns a port that is free now. Dynoxide accepts port 0, but does
// not report which port it got.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return strconv.Itoa(port), l.Close()
}

// guarded is a script that runs its arguments and kills them when its standard
// input ends. The parent keeps that pipe open until it ends, also by a kill. So
// Dynoxide ends with its parent even on systems without a death signal.
const guarded = `exec 4<&0 </dev/null
(exec 3<&-; read -r _ <&4; kill -KILL $$) >/dev/null 2>&1 &
exec "$@" 4<&-`

// command returns the command without the parent's environment. It inherits
// held as file 3, so the data is locked as long as the process runs.
func command(o Options, port string, held *os.File) *exec.Cmd {
	args := []string{"-c", guarded, "sh", o.Binary, "serve", "--host", "127.0.0.1", "--port", port}
	if o.Path != "" {
		args = append(args, "--db-path", o.Path)
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir = filepath.Dir(o.Binary)
	cmd.Env = []string{"HOME=" + os.Getenv("HOME")}
	if held != nil {
		cmd.ExtraFiles = []*os.File{held}
	}
	return cmd
}

// output receives what a process writes. It sends the first line, which says
// whether the process listens, to first, and writes the others to rest until the
// server is closed.
type output struct {
	first  chan<- string
	rest   io.Writer
	closed <-chan struct{}

	read []byte
	done bool
}

func (w *output) Write(data []byte) (int, error) {
	rest := data
	if !w.done {
		w.read = append(w.read, data...)
		line, after, ended := bytes.Cut(w.read, []byte("\n"))
		if !ended {
			return len(data), nil
		}
		w.first <- strings.TrimSpace(string(line))
		w.done, rest = true, after
	}
	select {
	case <-w.closed:
		return len(data), nil
	default:
	}
	if w.rest != nil && len(rest) > 0 {
		if _, err := w.rest.Write(rest); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

// await waits for the first line of the process, which it writes once it
// listens.
func (s *Server) await(ctx context.Context, first <-chan string) error {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	var line string
	select {
	case line = <-first:
	case <-s.process.Done():
		// The line may have come together with the end.
		select {
		case line = <-first:
		default:
			return fmt.Errorf("did not start: %w", s.Err())
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-limit.C:
		return fmt.Errorf("no answer within %v after its start", startLimit)
	}
	switch {
	case strings.HasSuffix(line, "listening on "+s.url):
		return nil
	case strings.Contains(line, "already in use"):
		return fmt.Errorf("did not start: %w: %s", errPortTaken, line)
	}
	return fmt.Errorf("did not start: its output is %q", line)
}

// URL returns the server's URL, such as http://127.0.0.1:40123.
func (s *Server) URL() string { return s.url }

// Done returns a channel that is closed when the process has ended, by Close or
// by itself.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Err returns why the process ended by itself. It returns nil while the process
// runs and after Close.
func (s *Server) Err() error {
	select {
	case <-s.closed:
		return nil
	default:
	}
	select {
	case <-s.process.Done():
	default:
		return nil
	}
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("dynoxide ended by itself: %w", err)
	}
	return errors.New("dynoxide ended by itself: exit status 0")
}

// Kill ends the process as a crash does. It is for tests of crashes.
func (s *Server) Kill() { s.process.End(syscall.SIGKILL, 0) }

// Close stops the process and waits until it has ended. It kills it after 5
// seconds. It may be called again.
func (s *Server) Close() error {
	err := s.Err()
	s.closing.Do(func() {
		close(s.closed)
		s.process.End(syscall.SIGTERM, closeLimit)
	})
	<-s.process.Done()
	return err
}
