package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"skiff/local/aws/apigateway/payload"
)

// maxConcurrent is how many messages of one connection are processed at the
// same time. They are read in order, but their functions may overtake each
// other: AWS documents no order. Above this number, no further message is read;
// AWS would throttle instead.
const maxConcurrent = 16

// statusAbnormal is the status of a connection that ends without a close frame.
// It is never sent
// (https://datatracker.ietf.org/doc/html/rfc6455#section-7.1.5).
const statusAbnormal = websocket.StatusAbnormalClosure

// connection is one client.
type connection struct {
	gateway     *Gateway
	id, trace   string
	request     *http.Request // the handshake
	api, stage  string
	connectedAt time.Time
	authorizer  map[string]string // the authorizer's context; nil without an authorizer
	slots       chan struct{}     // has an element for each message in progress

	ready  chan struct{}   // closed after the upgrade
	socket *websocket.Conn // set before ready is closed; nil if the upgrade failed

	mu             sync.Mutex
	line           net.Conn // the connection below socket
	lastActive     time.Time
	idle, lifetime *time.Timer
	ended          bool
	code           websocket.StatusCode // for $disconnect
	reason         string
}

func (g *Gateway) newConnection(r *http.Request, s Stage) *connection {
	now := g.options.Now()
	return &connection{
		gateway: g, id: payload.NewID(), trace: payload.NewTrace(now), request: r, api: s.APIID, stage: s.Name,
		connectedAt: now, lastActive: now, slots: make(chan struct{}, maxConcurrent), ready: make(chan struct{}),
	}
}

// of reports whether a connection belongs to the stage.
func (c *connection) of(s Stage) bool { return c.api == s.APIID && c.stage == s.Name }

// serve upgrades the connection and reads messages until it ends.
//
// @connections can reach it before the client gets the answer to its handshake.
// So a function that answers a newly connected client reaches it.
func (c *connection) serve(w http.ResponseWriter) (websocket.StatusCode, string) {
	if !c.gateway.add(c) {
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return websocket.StatusGoingAway, "Going away"
	}
	socket, err := websocket.Accept(&hijacker{w, c.keep}, c.request, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // AWS leaves the Origin check to the functions
	})
	if err == nil {
		socket.SetReadLimit(-1) // next limits it
		c.socket = socket
		c.start()
	}
	close(c.ready)
	if err != nil {
		c.settle(statusAbnormal, "")
	} else {
		c.receive()
		_ = socket.CloseNow() // close it, or wait until it is closed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code, c.reason
}

func (c *connection) keep(line net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line = line
}

// start starts the timers that end a connection. For an idle one, 1001 with
// this reason is recorded; at the end of the lifetime it is not.
func (c *connection) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	leave := func() { c.end(websocket.StatusGoingAway, "Going away") }
	c.idle = time.AfterFunc(c.gateway.options.Idle, leave)
	c.lifetime = time.AfterFunc(c.gateway.options.Lifetime, leave)
}

// touch records a message in either direction. Pings do not count here; whether
// they do on AWS is not recorded.
func (c *connection) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastActive = c.gateway.options.Now()
	if !c.ended && c.idle != nil {
		c.idle.Reset(c.gateway.options.Idle)
	}
}

// receive reads messages until the connection ends. The close codes are
// documented
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-routes-integrations.html).
// The reasons are not recorded, nor is the answer to text that is not UTF-8,
// here 1007 by the RFC.
func (c *connection) receive() {
	for {
		kind, message, err := c.next()
		switch {
		case err != nil:
			c.conclude(err)
			return
		case kind == websocket.MessageBinary:
			c.end(websocket.StatusUnsupportedData, "Binary frames are not supported")
			return
		case len(message) > maxMessage:
			c.end(websocket.StatusMessageTooBig, "Message too long")
			return
		case !utf8.Valid(message):
			c.end(websocket.StatusInvalidFramePayloadData, "Invalid UTF-8")
			return
		}
		c.touch()
		c.slots <- struct{}{}
		c.gateway.running.Go(func() {
			defer func() { <-c.slots }()
			c.gateway.message(c, message)
		})
	}
}

// next reads one message, up to one byte above the limit.
func (c *connection) next() (websocket.MessageType, []byte, error) {
	// Only the end of the connection ends a Read.
	kind, r, err := c.socket.Reader(context.Background())
	if err != nil {
		return 0, nil, err
	}
	message, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
	return kind, message, err
}

// conclude ends the connection after a read has failed.
func (c *connection) conclude(err error) {
	closed, ok := errors.AsType[websocket.CloseError](err)
	switch {
	case errors.Is(err, errFrameSize):
		c.end(websocket.StatusMessageTooBig, "Frame too long")
	case ok && closed.Code == websocket.StatusNoStatusRcvd:
		c.settle(closed.Code, "Client-side close frame status not set") // documented with the event
	case ok:
		c.settle(closed.Code, closed.Reason)
	default:
		c.settle(statusAbnormal, "")
	}
}

// settle removes the connection from the gateway and sets the code and reason
// for $disconnect. It reports whether this call was the first.
func (c *connection) settle(code websocket.StatusCode, reason string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.ended, c.code, c.reason = true, code, reason
	if c.idle != nil {
		c.idle.Stop()
		c.lifetime.Stop()
	}
	c.gateway.remove(c)
	return true
}

// end closes the connection from this side.
func (c *connection) end(code websocket.StatusCode, reason string) {
	if c.settle(code, reason) {
		c.hangUp(code, reason)
	}
}

// hangUp sends a close frame and waits a few seconds for the client's.
func (c *connection) hangUp(code websocket.StatusCode, reason string) {
	select {
	case <-c.ready:
	case <-c.gateway.base.Done():
		return
	}
	if c.socket != nil {
		_ = c.socket.Close(code, reason)
	}
}

// cut ends the connection without a close frame.
func (c *connection) cut() {
	c.settle(statusAbnormal, "")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line != nil {
		_ = c.line.Close()
	}
}

// send writes a text message to the client. It closes the connection of a
// client that does not read in time, so that a post never waits longer. An
// error means that the client is gone.
func (c *connection) send(text []byte) error {
	ctx, cancel := context.WithTimeout(c.gateway.base, c.gateway.options.WriteTimeout)
	defer cancel()
	select {
	case <-c.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if c.socket == nil {
		return net.ErrClosed
	}
	if err := c.socket.Write(ctx, websocket.MessageText, text); err != nil {
		c.cut()
		return fmt.Errorf("connection %s: %w", c.id, err)
	}
	c.touch()
	return nil
}
