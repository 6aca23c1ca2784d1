// Package dynoxide runs DynamoDB on this machine: the program Dynoxide, pinned
// by version and digest, as a child process that never outlives its parent.
//
// What Dynoxide lacks of DynamoDB: continuous backups, the removal of items past
// their time to live, the refusal of an empty key value in a Query, and the check
// of the types of the items that are there when an index is added. The ARNs it
// makes have the region "dynoxide". It syncs each write before it acknowledges it.
// A Query of large items is slow: it reads as many as its limit allows, and then
// cuts the page at 1 MB.
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
	startLimit = 20 * time.Second // from spawn to the port
	lockLimit  = 5 * time.Second  // for a predecessor that still runs
	closeLimit = 5 * time.Second  // from the request to end to a kill
	portTries  = 5                // of a free port that another process may take first
)

// ErrLocked says that another process has the data open.
var ErrLocked = errors.New("another process has the data open")

// errPortTaken says that another process took the port first.
var errPortTaken = errors.New("the port is in use")

// Options say what a Server runs and where its data is.
type Options struct {
	// Binary is the path that Install returned.
	Binary string

	// Path is the file of the data, made with its folder if absent. Empty keeps
	// the data in memory.
	Path string

	// Stderr gets what the process writes there. Nil discards it.
	Stderr io.Writer
}

// Server is one running Dynoxide.
type Server struct {
	url     string
	process *child.Process

	closing sync.Once
	closed  chan struct{} // closed once Close was asked for
}

// Start runs Dynoxide on a free port of 127.0.0.1 and returns once it listens.
// ctx bounds the start alone; Close ends the server. It fails with ErrLocked,
// wrapped, while another process has the data open.
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
		defer held.Close() // the process goes on holding it
	}
	for try := 1; ; try++ {
		s, err := startOnce(ctx, o, held)
		if !errors.Is(err, errPortTaken) || try == portTries {
			return s, err
		}
	}
}

// hold takes the lock on the data. SQLite would let two servers write the same
// file, of which each would take the tables for its own.
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
	// The pipe stays open as long as this process lives. See command.
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

// freePort returns a port that is free now. Dynoxide takes port 0, too, but
// does not say which port it got.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return strconv.Itoa(port), l.Close()
}

// guarded runs its arguments in its own place, and kills them when its standard
// input ends. The parent holds that open, and a killed parent cannot: so
// Dynoxide ends with it on systems without a death signal, too.
const guarded = `exec 4<&0 </dev/null
(exec 3<&-; read -r _ <&4; kill -KILL $$) >/dev/null 2>&1 &
exec "$@" 4<&-`

// command is the process: none of the parent's environment, and held as its
// file 3, so that the data is locked as long as the process runs.
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

// output takes what a process writes: its first line, which says whether it
// listens, and then the rest, but for its farewell.
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

// await reads the first line of the process, which it writes once it listens.
func (s *Server) await(ctx context.Context, first <-chan string) error {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	var line string
	select {
	case line = <-first:
	case <-s.process.Done():
		// Its line may have come with its end.
		select {
		case line = <-first:
		default:
			return fmt.Errorf("did not start: %w", s.Err())
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-limit.C:
		return fmt.Errorf("no answer within %v of its start", startLimit)
	}
	switch {
	case strings.HasSuffix(line, "listening on "+s.url):
		return nil
	case strings.Contains(line, "already in use"):
		return fmt.Errorf("did not start: %w: %s", errPortTaken, line)
	}
	return fmt.Errorf("did not start: it says %q", line)
}

// URL is where the server answers, such as http://127.0.0.1:40123.
func (s *Server) URL() string { return s.url }

// Done is closed when the process has ended, by Close or by itself.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Err says why the process ended by itself. It is nil while the process runs
// and after Close.
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

// Kill ends the process as a crash does, for tests of what a crash leaves.
func (s *Server) Kill() { s.process.End(syscall.SIGKILL, 0) }

// Close asks the process to end and waits until it has, or kills it after 5
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
