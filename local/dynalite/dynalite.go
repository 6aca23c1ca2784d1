// Package dynalite runs DynamoDB on this machine: the npm package dynalite,
// pinned by the lock file beside this one, as a child process that never
// outlives its parent.
//
// What dynalite lacks of DynamoDB: transactions, UpdateTimeToLive, streams,
// point-in-time recovery, ReturnValuesOnConditionCheckFailure, and adding an
// index to an on-demand table. Acknowledged writes survive a kill of both
// processes, not a crash of the machine: LevelDB does not sync each write.
package dynalite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"skiff/local/child"
	"skiff/local/npm"
)

const (
	startLimit = 20 * time.Second // from spawn to the port, the wait for a lock included
	lockLimit  = 5 * time.Second  // for a predecessor that still closes its data
	closeLimit = 5 * time.Second  // from the end of standard input to a kill; server.js gives up after 4
)

// ErrLocked says that another process has the data folder open.
var ErrLocked = errors.New("another process has the data folder open")

// Options tell where a Server is installed and where its data lives.
type Options struct {
	// Dir is what Install returned.
	Dir string

	// Path is the folder of the data, made if absent. Empty keeps it in memory.
	Path string

	// Region and Account appear in the tables' ARNs. Empty means us-east-1
	// and 000000000000.
	Region, Account string

	// Stderr gets what the process writes there. Nil discards it.
	Stderr io.Writer
}

// Server is one running dynalite.
type Server struct {
	url     string
	stdin   io.Closer
	process *child.Process

	closing sync.Once
	closed  chan struct{} // closed once Close was asked for
}

// Start runs dynalite on a free port of 127.0.0.1 and returns once it answers.
// ctx bounds the start alone; Close ends the server. It fails with npm.ErrNoNode
// or ErrLocked, wrapped, where these are the cause.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("dynalite: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o Options) (*Server, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w; install it, then try again: no node on PATH", npm.ErrNoNode)
	}
	if o.Path != "" {
		if o.Path, err = filepath.Abs(o.Path); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(o.Path, 0o755); err != nil {
			return nil, err
		}
	}
	// The script goes in as an argument, so that it is the one of this binary
	// whatever stands in the folder that other versions share. An attribute may
	// be called __proto__: with the accessor of that name gone, it is data.
	cmd := exec.Command(node, "--disable-proto=delete", "--eval", string(server))
	cmd.Dir = o.Dir
	cmd.Env = environment(o)
	cmd.Stderr = o.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	line := make(firstLine, 1)
	cmd.Stdout = &firstLineWriter{to: line}
	process, err := child.Start(cmd)
	if err != nil {
		return nil, err
	}
	s := &Server{stdin: stdin, process: process, closed: make(chan struct{})}
	if err := s.await(ctx, line, o.Path); err != nil {
		process.End(syscall.SIGKILL, 0)
		return nil, err
	}
	return s, nil
}

// environment is all that the process gets of the parent's: no credentials,
// no NODE_OPTIONS.
func environment(o Options) []string {
	region, account := o.Region, o.Account
	if region == "" {
		region = "us-east-1"
	}
	if account == "" {
		account = "000000000000"
	}
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + os.Getenv("HOME"),
		"AWS_REGION=" + region,
		"AWS_ACCOUNT_ID=" + account,
		"DYNALITE_PATH=" + o.Path,
		"DYNALITE_LOCK_WAIT_MS=" + strconv.FormatInt(lockLimit.Milliseconds(), 10),
	}
}

// firstLine is where the process's one line about its start arrives.
type firstLine chan string

// firstLineWriter takes a process's output and keeps no more than its first
// line.
type firstLineWriter struct {
	to   firstLine
	read []byte
	done bool
}

func (w *firstLineWriter) Write(data []byte) (int, error) {
	if !w.done {
		w.read = append(w.read, data...)
		if line, _, ended := bytes.Cut(w.read, []byte("\n")); ended {
			w.to <- strings.TrimSpace(string(line))
			w.done = true
		}
	}
	return len(data), nil
}

// await reads the process's one line about its start.
func (s *Server) await(ctx context.Context, first firstLine, path string) error {
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
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case word == "ready":
		s.url = "http://127.0.0.1:" + rest
		return nil
	case rest == "locked":
		return fmt.Errorf("%w: %s; end that process, then try again", ErrLocked, path)
	case strings.HasPrefix(rest, "node-too-old "):
		return npm.TooOld(strings.TrimPrefix(rest, "node-too-old "))
	case word == "failed":
		return fmt.Errorf("did not start: %s", rest)
	}
	return fmt.Errorf("did not start: it says %q", line)
}

// URL is where the server answers, such as http://127.0.0.1:40123.
func (s *Server) URL() string { return s.url }

// Done is closed when the process has ended, by Close or by itself.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Err tells why the process ended by itself. It is nil while the process runs
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
		return fmt.Errorf("dynalite ended by itself: %w", err)
	}
	return errors.New("dynalite ended by itself: exit status 0")
}

// Close lets requests under way finish, closes the data and waits for the end
// of the process, which is killed after 5 seconds. It may be called again.
func (s *Server) Close() error {
	err := s.Err()
	s.closing.Do(func() {
		close(s.closed)
		s.stdin.Close()
	})
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case <-s.process.Done():
		return err
	case <-limit.C:
	}
	s.process.End(syscall.SIGKILL, 0)
	return fmt.Errorf("dynalite: killed, for it did not end within %v", closeLimit)
}
