package websocket

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html.
// That a KB is 1024 bytes is not recorded.
const (
	maxMessage = 128 << 10 // bytes of a message, from a client or posted to one
	maxFrame   = 32 << 10  // bytes of one frame from a client
	maxAnswer  = 8 << 10   // bytes of an authorizer's answer
	maxURL     = 4096      // characters
	maxTimeout = 29 * time.Second
	maxIdle    = 10 * time.Minute
	maxLife    = 2 * time.Hour
)

// Options configures a Gateway. Many connections call its functions at the same
// time.
type Options struct {
	// Find returns the target of a request. On an error the client gets 403.
	// For each message it is called again with the request of the handshake, so
	// that messages use the current deployment.
	Find func(r *http.Request) (Target, error)

	// Invoke runs a function for the route or authorizer with sourceARN.
	Invoke func(ctx context.Context, functionARN, sourceARN string, payload []byte) (lambda.Result, error)

	// Authority authorizes the calls of @connections.
	Authority *iam.Authority

	// Now returns the time for events. Nil means time.Now.
	Now func() time.Time

	// Log is called with a request id if a client was refused with 5xx, got an
	// error message, or left without its $disconnect. It may be nil.
	Log func(requestID string, err error)

	// Idle is how long a connection may have no message in either direction.
	// Lifetime is how long it may last. Zero means 10 minutes and 2 hours, as
	// on AWS.
	Idle, Lifetime time.Duration

	// WriteTimeout is how long a client may block a message before its
	// connection is closed. Zero means 5 s. AWS documents no value.
	WriteTimeout time.Duration
}

// Gateway serves the clients of WebSocket APIs. Create it with New; it is safe
// for concurrent use.
type Gateway struct {
	options Options
	base    context.Context // for invocations: a function continues after its client leaves
	stop    context.CancelFunc
	running sync.WaitGroup // connections, handshakes and their functions

	mu          sync.Mutex
	connections map[string]*connection // by id; lock a connection's own mutex first
	closing     bool
}

// New returns a gateway for o.
func New(o Options) *Gateway {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = func(string, error) {}
	}
	if o.Idle == 0 {
		o.Idle = maxIdle
	}
	if o.Lifetime == 0 {
		o.Lifetime = maxLife
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 5 * time.Second
	}
	base, stop := context.WithCancel(context.Background())
	return &Gateway{options: o, base: base, stop: stop, connections: map[string]*connection{}}
}

// ServeHTTP answers one request, or serves one connection.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, err := g.options.Find(r)
	g.Serve(w, r, target, err)
}

// Serve serves a connection to target and returns after the client has left, or
// it answers a call of @connections. If found, the error of finding the target,
// is not nil, it answers 403.
func (g *Gateway) Serve(w http.ResponseWriter, r *http.Request, target Target, found error) {
	// No character of an id changes if it is escaped twice.
	rest, err := url.PathUnescape(target.Rest)
	id, management := strings.CutPrefix(rest, "/@connections/")
	switch {
	case found != nil || err != nil:
		forbidden(w)
	case management:
		g.manage(w, r, target.Stage, id)
	case rest == "" || rest == "/":
		g.connect(w, r, target.Stage)
	default:
		forbidden(w)
	}
}

// current returns the stage of a connection as deployed now. ok is false if the
// stage is gone.
func (g *Gateway) current(c *connection) (s Stage, ok bool) {
	target, err := g.options.Find(c.request)
	return target.Stage, err == nil && c.of(target.Stage)
}

// forbidden answers a path that no API has, as recorded for @connections
// (https://github.com/aws/aws-sdk-php/issues/1955).
func forbidden(w http.ResponseWriter) {
	fail(w, http.StatusForbidden, "ForbiddenException", "Forbidden")
}

// Shutdown closes every connection with 1001, runs its $disconnect, and accepts
// no new one. If ctx ends first, it cuts the remaining connections and returns
// the error of ctx. Call it as well as Shutdown of the http.Server, which
// ignores these connections.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.mu.Lock()
	g.closing = true
	open := slices.Collect(maps.Values(g.connections))
	g.mu.Unlock()
	for _, c := range open {
		go c.end(websocket.StatusGoingAway, "Going away")
	}
	done := make(chan struct{})
	go func() {
		g.running.Wait()
		close(done)
	}()
	defer g.stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		for _, c := range open {
			c.cut()
		}
		return fmt.Errorf("close the WebSocket connections: %w", context.Cause(ctx))
	}
}

// enter counts a new client, unless the gateway is closing. The caller then has
// to call running.Done.
func (g *Gateway) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return false
	}
	g.running.Add(1)
	return true
}

// add makes a connection reachable by @connections, unless the gateway is
// closing.
func (g *Gateway) add(c *connection) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return false
	}
	g.connections[c.id] = c
	return true
}

func (g *Gateway) remove(c *connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.connections, c.id)
}

// connection returns a connection of a stage. Connections of other stages are
// not found.
func (g *Gateway) connection(s Stage, id string) (*connection, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.connections[id]
	return c, ok && c.of(s)
}
