package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// every is the interval of a probe's requests.
const every = 50 * time.Millisecond

// probe sends requests to an API while a stack changes, one at a time. It holds
// the lock while a request is under way: one with the token of before use is
// not counted after it.
type probe struct {
	mu     sync.Mutex
	client client
	asked  int
	failed []string // the first few requests without a 200
	broken int      // number of requests without a 200
}

// asking starts a probe of paths. It ends with the test.
func asking(t *testing.T, c client, token string, paths ...string) *probe {
	t.Helper()
	c.token = token
	p, stop, done := &probe{client: c}, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				p.ask(paths[i%len(paths)])
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
	return p
}

// use changes the token.
func (p *probe) use(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client.token = token
	p.asked, p.broken, p.failed = 0, 0, nil
}

func (p *probe) ask(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.client.send(http.MethodGet, path, "")
	p.asked++
	if err == nil && a.status == http.StatusOK {
		return
	}
	if p.broken++; len(p.failed) < 3 {
		p.failed = append(p.failed, fmt.Sprintf("GET %s: %d %.80s %v", path, a.status, a.body, err))
	}
}

// take returns the counts since its last call.
func (p *probe) take() (asked, broken int, failed []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, broken, failed = p.asked, p.broken, p.failed
	p.asked, p.broken, p.failed = 0, 0, nil
	return asked, broken, failed
}
