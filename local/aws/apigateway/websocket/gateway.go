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

// Limits of a WebSocket API:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
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

// Options say what a gateway serves and whom it calls. The functions are used
// by many connections at once.
type Options struct {
	// Find returns what a request is for; the answer to an error is 403. It is
	// asked again, with the request that made a connection, for each of its
	// messages, so that these see what is deployed by then.
	Find func(r *http.Request) (Target, error)

	// Invoke runs a function for the route or authorizer named by sourceARN.
	Invoke func(ctx context.Context, functionARN, sourceARN string, payload []byte) (lambda.Result, error)

	// Authority decides the calls of @connections.
	Authority *iam.Authority

	// Now tells the time of events; time.Now when nil.
	Now func() time.Time

	// Log is told, by the id of a request, why a client was refused with 5xx,
	// received an error, or left without its $disconnect. It may be nil.
	Log func(requestID string, err error)

	// Idle is how long a connection may be without a message in either
	// direction, and Lifetime how long it may last: 10 minutes and 2 hours when
	// zero, as on AWS.
	Idle, Lifetime time.Duration

	// WriteTimeout is how long a client may take to make room for a message
	// before it is given up; 5 s when zero. AWS does not document its own.
	WriteTimeout time.Duration
}

// Gateway serves the clients of WebSocket APIs. Make it with New; it is safe
// for concurrent use.
type Gateway struct {
	options Options
	base    context.Context // of every invocation: a function runs on when its client leaves
	stop    context.CancelFunc
	running sync.WaitGroup // connections, those that are being made, and their functions

	mu          sync.Mutex
	connections map[string]*connection // by id; taken after a connection's own mutex
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

// Serve lets a client connect to what was found, and returns once it has left;
// or answers a call of @connections. The answer to an error in finding it is 403.
func (g *Gateway) Serve(w http.ResponseWriter, r *http.Request, target Target, found error) {
	// Ids have no character that escaping twice would change.
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

// current is the stage of a connection as it is deployed now; without ok it is
// gone.
func (g *Gateway) current(c *connection) (s Stage, ok bool) {
	target, err := g.options.Find(c.request)
	return target.Stage, err == nil && c.of(target.Stage)
}

// forbidden answers a path that no API has, as recorded of @connections at a
// wrong one (https://github.com/aws/aws-sdk-php/issues/1955).
func forbidden(w http.ResponseWriter) {
	fail(w, http.StatusForbidden, "ForbiddenException", "Forbidden")
}

// Shutdown closes every connection with 1001, runs its $disconnect, and takes
// no new one. When ctx ends before that is done, it cuts what is left and
// returns the error of ctx. An http.Server does not close the connections by
// itself, and its own Shutdown does not wait for them.
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

// enter counts a client in, unless the gateway closes. Who enters calls
// running.Done.
func (g *Gateway) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return false
	}
	g.running.Add(1)
	return true
}

// add makes a connection known to @connections, unless the gateway closes.
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

// connection finds one of a stage: the ids of others are unknown to it.
func (g *Gateway) connection(s Stage, id string) (*connection, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.connections[id]
	return c, ok && c.of(s)
}
