package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"skiff/local/aws/lambda"
)

// TestRecordedMessageStatus compares what a client gets for each answer of a
// function with a table that a user recorded on AWS.
func TestRecordedMessageStatus(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	c, connected := f.connect(t)
	for _, status := range []int{200, 201, 301, 401, 501} {
		f.answer("$default", fmt.Sprintf(`{"statusCode":%d,"body":"hello"}`, status))
		write(t, c, "status")
		f.next(t, "$default")
	}
	f.fail("$default", "foo")
	write(t, c, "exc:foo")
	failed := f.next(t, "$default")
	want := fmt.Sprintf(`{"message": "Internal server error", "connectionId":"%s", "requestId":"%s"}`,
		connected.event.RequestContext.ConnectionID, failed.event.RequestContext.RequestID)
	// The client's first message: the statuses sent none.
	if got := read(t, c); got != want {
		t.Errorf("message %s, want %s", got, want)
	}
	if err := f.log(t); !strings.Contains(err.Error(), "foo") {
		t.Errorf("log %v", err)
	}
	f.answer("$default", `{"statusCode":200}`)
	write(t, c, "still connected")
	f.next(t, "$default")
}

func TestMessageErrors(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	c, _ := f.connect(t)
	for _, answer := range []func(invocation) (lambda.Result, error){
		answers("null"), answers(`{"Data":"x","statusCode":200}`),
		func(invocation) (lambda.Result, error) { return lambda.Result{}, context.DeadlineExceeded },
		func(invocation) (lambda.Result, error) { return lambda.Result{}, lambda.ErrNoPermission },
	} {
		f.do("$default", answer)
		write(t, c, "x")
		if got := read(t, c); !strings.HasPrefix(got, `{"message": "Internal server error"`) {
			t.Errorf("message %s", got)
		}
		f.log(t)
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	c, _ := f.connect(t)
	tests := []struct{ message, route string }{
		{`{"action":"say","text":"hi"}`, "say"},
		{` {"text":"hi","action":"say"} `, "say"},
		{`{"action":"nope"}`, "$default"},
		{`{"action":"$connect"}`, "$default"},
		{`{"action":"$disconnect"}`, "$default"},
		{`{"action":{"say":1}}`, "$default"},
		{`{"Action":"say"}`, "$default"},
		{`{"action":"say"} trailing`, "$default"},
		{`["say"]`, "$default"},
		{`"say"`, "$default"},
		{`null`, "$default"},
		{`say`, "$default"},
		{``, "$default"},
	}
	for _, test := range tests {
		write(t, c, test.message)
		got := f.next(t, test.route)
		if got.event.Body != test.message || got.event.IsBase64Encoded || got.event.RequestContext.RouteKey != test.route {
			t.Errorf("%q: event %s", test.message, got.payload)
		}
	}
	f.change(func(s *Stage) { delete(s.Routes, "$default") }) // a deployment while the connection is open
	write(t, c, "x")
	if got := read(t, c); !strings.HasPrefix(got, `{"message": "Forbidden", "connectionId":"`) {
		t.Errorf("message %s", got)
	}
	f.quiet(t)
}

// TestStageGone closes the connections of a deleted stage.
func TestStageGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	c, _ := f.connect(t)
	f.mu.Lock()
	f.stage = nil
	f.mu.Unlock()
	write(t, c, "x")
	if got := closed(t, c); got.Code != websocket.StatusGoingAway {
		t.Errorf("close %v", got)
	}
	f.quiet(t)
}

func TestMessageLimits(t *testing.T) {
	t.Parallel()
	text := func(sizes ...int) func(*testing.T, *websocket.Conn) {
		return func(t *testing.T, c *websocket.Conn) {
			w, err := c.Writer(t.Context(), websocket.MessageText)
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range sizes {
				// One Write is one frame. The gateway may have closed before
				// the last.
				if _, err := io.WriteString(w, strings.Repeat("a", size)); err != nil {
					return
				}
			}
			w.Close()
		}
	}
	tests := []struct {
		name string
		send func(*testing.T, *websocket.Conn)
		want websocket.StatusCode // 0: the message is accepted
	}{
		{"128 KB in frames of 32 KB", text(32<<10, 32<<10, 32<<10, 32<<10), 0},
		{"one byte more", text(32<<10, 32<<10, 32<<10, 32<<10, 1), websocket.StatusMessageTooBig},
		{"129 KB in frames of 32 KB", text(32<<10, 32<<10, 32<<10, 32<<10, 1<<10), websocket.StatusMessageTooBig},
		{"a frame of 33 KB", text(33 << 10), websocket.StatusMessageTooBig},
		{"a second frame one byte above", text(1, 32<<10+1), websocket.StatusMessageTooBig},
		{"a frame of 1 MB", text(1 << 20), websocket.StatusMessageTooBig},
		{"binary", func(t *testing.T, c *websocket.Conn) {
			if err := c.Write(t.Context(), websocket.MessageBinary, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}, websocket.StatusUnsupportedData},
		{"no UTF-8", func(t *testing.T, c *websocket.Conn) { write(t, c, "\xff") }, websocket.StatusInvalidFramePayloadData},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			c, _ := f.connect(t)
			write(t, c, "first") // an earlier message is accepted
			f.next(t, "$default")
			test.send(t, c)
			if test.want == 0 {
				if got := len(f.next(t, "$default").event.Body); got != 128<<10 {
					t.Errorf("body of %d bytes", got)
				}
				return
			}
			if got := closed(t, c); got.Code != test.want {
				t.Errorf("close %v, want %d", got, test.want)
			}
			if code, _ := f.left(t); code != int64(test.want) {
				t.Errorf("disconnect %d, want %d", code, test.want)
			}
			f.quiet(t)
		})
	}
}

// TestLeaving covers the ways in which a client can end a connection.
func TestLeaving(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		leave  func(*websocket.Conn)
		code   int64
		reason string
	}{
		{"code and reason", func(c *websocket.Conn) { c.Close(4000, "bye") }, 4000, "bye"},
		{"code", func(c *websocket.Conn) { c.Close(websocket.StatusGoingAway, "") }, 1001, ""}, // recorded of a browser
		{"no code", func(c *websocket.Conn) { c.Close(websocket.StatusNoStatusRcvd, "") }, 1005, "Client-side close frame status not set"},
		{"no close frame", func(c *websocket.Conn) { c.CloseNow() }, 1006, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			c, connected := f.connect(t)
			test.leave(c)
			e := f.next(t, "$disconnect").event.RequestContext
			if e.DisconnectStatusCode != test.code || e.DisconnectReason == nil || *e.DisconnectReason != test.reason {
				t.Errorf("disconnect %d %v, want %d %q", e.DisconnectStatusCode, e.DisconnectReason, test.code, test.reason)
			}
			if e.ConnectionID != connected.event.RequestContext.ConnectionID {
				t.Errorf("connection %s leaves", e.ConnectionID)
			}
			f.shutdown(t)
			f.quiet(t) // only once
		})
	}
}

// TestProtocolErrors has clients that break the protocol: their connections are
// cut.
func TestProtocolErrors(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"frame without a mask": "\x81\x01a", "reserved bit": "\xc1\x80mask", "unknown opcode": "\x83\x80mask",
		"continuation of nothing": "\x80\x80mask", "control frame in parts": "\x09\x80mask", "control frame of 126 bytes": "\x89\xfe\x00\x7emask",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			host := strings.TrimSuffix(strings.TrimPrefix(f.url, "http://"), prefix)
			line, err := net.Dial("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			defer line.Close()
			if err := line.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			// The frame arrives with the handshake, before its answer.
			if _, err := fmt.Fprintf(line, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n%s", prefix, host, sent); err != nil {
				t.Fatal(err)
			}
			f.next(t, "$connect")
			if code, _ := f.left(t); code != 1006 {
				t.Errorf("disconnect %d", code)
			}
			got, err := io.ReadAll(line)
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				t.Error("the connection stays open")
			}
			if !strings.HasPrefix(string(got), "HTTP/1.1 101 ") {
				t.Errorf("answer %q", got)
			}
		})
	}
}

func TestDisconnectFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	c, _ := f.connect(t)
	f.fail("$disconnect", "no table")
	c.CloseNow()
	if err := f.log(t); !strings.Contains(err.Error(), "no table") {
		t.Errorf("log %v", err)
	}
}

// TestConcurrency processes the messages of a connection concurrently up to a
// limit, and the rest afterwards.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	c, _ := f.connect(t)
	goOn, started := make(chan struct{}), make(chan struct{}, 100)
	var running, most atomic.Int64
	f.do("$default", func(invocation) (lambda.Result, error) {
		n := running.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		started <- struct{}{}
		<-goOn
		running.Add(-1)
		return lambda.Result{Payload: []byte(`{"statusCode":200}`)}, nil
	})
	bodies := map[string]bool{}
	for i := range maxConcurrent + 4 {
		write(t, c, fmt.Sprint(i))
	}
	for range maxConcurrent {
		bodies[f.next(t, "$default").event.Body] = true
		<-started
	}
	if !bodies["0"] || !bodies[fmt.Sprint(maxConcurrent-1)] {
		t.Errorf("messages %v run; want the first ones", bodies)
	}
	close(goOn)
	for range 4 {
		f.next(t, "$default")
	}
	if got := most.Load(); got != maxConcurrent {
		t.Errorf("%d ran at the same time, want %d", got, maxConcurrent)
	}
}
