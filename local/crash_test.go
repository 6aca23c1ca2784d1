package main

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestKill kills the program while clients write, and checks that every
// acknowledged write survives.
func TestKill(t *testing.T) {
	needs(t, "POST /items", "GET /items/{id}")
	t.Parallel()
	state := t.TempDir()
	s := serving(t, "..", "-state", state)
	c := newClient(t, s, "-C", "..", "-state", state)
	const clients, enough = 8, 200
	var (
		mu      sync.Mutex
		written []string
		wg      sync.WaitGroup
	)
	full := make(chan struct{})
	for range clients {
		wg.Go(func() {
			for {
				a, err := c.send(http.MethodPost, "/items", `{"name":"under load","status":"active"}`)
				if err != nil || a.status != http.StatusCreated {
					return // the program is killed
				}
				mu.Lock()
				if written = append(written, a.header.Get("Location")); len(written) == enough {
					close(full)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-full:
	case <-time.After(time.Minute):
		t.Fatalf("%d writes in a minute, not %d\n%s", len(written), enough, s.errors())
	}
	s.cmd.Process.Signal(syscall.SIGKILL)
	<-s.ended
	wg.Wait()

	s = serving(t, "..", "-state", state)
	c.url = s.url // the token is still valid, because its key survives too
	for _, location := range written {
		if a := c.request(t, http.MethodGet, location, ""); a.status != http.StatusOK {
			t.Errorf("GET %s answers %d %s", location, a.status, a.body)
		}
	}
	t.Logf("%d acknowledged writes are there", len(written))
	s.stop(syscall.SIGINT)
	nothingLeft(t, state, s.url)
}

// TestGoRun sends SIGTERM to `go run ./local`. The go command dies and leaves
// its child running, so the child must notice it and end.
func TestGoRun(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	s := running(t, "..", "go", "run", "./local", "-addr", "127.0.0.1:0", "-state", state)
	if s.url == "" {
		t.Fatalf("local did not get ready\n%s", s.errors())
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	// The child holds the output open, so the output ends when all processes
	// have ended.
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		t.Error("a process that go run started did not end with it")
	}
	nothingLeft(t, state, s.url)
}
