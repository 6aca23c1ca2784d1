package websocket

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"skiff/local/aws/lambda"
)

// pipes is a listener without a network. The clock of a synctest bubble
// advances when every end waits.
type pipes struct {
	ends chan net.Conn
	done chan struct{}
}

// brittle is the server's end of a pipe, whose writes a test can break.
type brittle struct {
	net.Conn
	broken atomic.Bool
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.broken.Load() {
		return 0, syscall.EPIPE
	}
	return b.Conn.Write(p)
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case end := <-p.ends:
		return end, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p *pipes) Close() error {
	close(p.done)
	return nil
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case p.ends <- &brittle{Conn: theirs}:
		return mine, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// timed runs a test in a bubble with a gateway that has AWS's limits, and a
// connected client.
func timed(t *testing.T, test func(t *testing.T, f *fixture, c *websocket.Conn)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		authority, keys := newAuthority(t, manageAll, nil)
		f := newGateway(t, func(o *Options) { o.Authority = authority })
		p := &pipes{ends: make(chan net.Conn), done: make(chan struct{})}
		server := &http.Server{Handler: f.gateway}
		go server.Serve(p)
		defer server.Close()
		transport := &http.Transport{DialContext: p.dial}
		defer transport.CloseIdleConnections()
		f.url, f.http = "http://gateway"+prefix, &http.Client{Transport: transport}
		f.posts = f.client(keys, region)
		c, _, err := websocket.Dial(t.Context(), f.url, &websocket.DialOptions{HTTPClient: f.http})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		f.id = f.next(t, "$connect").event.RequestContext.ConnectionID
		synctest.Wait() // until the gateway reads
		test(t, f, c)
		f.shutdown(t)
		f.quiet(t)
	})
}

// TestRecordedIdle has the recorded code and reason for a browser that was idle
// for 604 seconds.
func TestRecordedIdle(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		began := time.Now()
		if got := closed(t, c); got.Code != websocket.StatusGoingAway || got.Reason != "Going away" {
			t.Errorf("close %v", got)
		}
		if code, reason := f.left(t); code != 1001 || reason != "Going away" {
			t.Errorf("disconnect %d %q", code, reason)
		}
		if idle := time.Since(began); idle != 10*time.Minute {
			t.Errorf("closed after %v", idle)
		}
	})
}

// TestLifetime keeps a connection open with messages in both directions, up to
// two hours.
func TestLifetime(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		began := time.Now()
		ends := make(chan error, 1)
		go func() {
			var err error
			for err == nil {
				_, _, err = c.Read(context.Background())
			}
			ends <- err
		}()
		var kept *connection
		for _, kept = range f.gateway.connections {
		}
		for i := range 13 {
			time.Sleep(9 * time.Minute)
			if i%2 == 0 {
				write(t, c, "x")
				f.next(t, "$default")
			} else if err := kept.send([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if got, ok := errors.AsType[websocket.CloseError](<-ends); !ok || got.Code != websocket.StatusGoingAway {
			t.Errorf("close %v", got)
		}
		if life := time.Since(began); life != 2*time.Hour {
			t.Errorf("closed after %v", life)
		}
		f.left(t)
	})
}

func TestPingsAreNoActivity(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		began := time.Now()
		ctx := c.CloseRead(t.Context())
		for ctx.Err() == nil {
			_ = c.Ping(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(time.Minute):
			}
		}
		f.left(t)
		if idle := time.Since(began); idle != 10*time.Minute {
			t.Errorf("closed after %v", idle)
		}
	})
}

// TestClientThatDoesNotRead checks that the first post that blocks closes the
// connection; later posts fail immediately.
func TestClientThatDoesNotRead(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		began := time.Now()
		var stuck *connection
		for _, stuck = range f.gateway.connections {
		}
		for range 2 {
			if err := stuck.send([]byte("x")); err == nil {
				t.Error("the message is sent")
			}
		}
		if waited := time.Since(began); waited != 5*time.Second {
			t.Errorf("waited for %v", waited)
		}
		if _, ok := f.gateway.connection(*f.stage, stuck.id); ok {
			t.Error("the connection is still known")
		}
		if code, _ := f.left(t); code != 1006 {
			t.Errorf("disconnect %d", code)
		}
	})
}

// TestCallerGivesUp has a function that ends during its post: the client must
// stay connected.
func TestCallerGivesUp(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := post(ctx, f.posts, f.id, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("post: %v", err)
		}
		synctest.Wait()
		if got := read(t, c); got != "x" {
			t.Errorf("message %q", got)
		}
		c.Close(websocket.StatusNormalClosure, "")
		f.left(t)
	})
}

// TestPostToClientThatDoesNotRead checks that the function gets an answer.
func TestPostToClientThatDoesNotRead(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		began := time.Now()
		failsWith(t, post(t.Context(), f.posts, f.id, "x"), "GoneException", "")
		if waited := time.Since(began); waited != 5*time.Second {
			t.Errorf("waited for %v", waited)
		}
		f.left(t)
	})
}

// TestBrokenLine closes a connection whose writes fail although its reads still
// work.
func TestBrokenLine(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		began := time.Now()
		var cut *connection
		for _, cut = range f.gateway.connections {
		}
		cut.line.(*frames).Conn.(*brittle).broken.Store(true)
		if err := cut.send([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("send: %v", err)
		}
		if code, _ := f.left(t); code != 1006 || time.Since(began) != 0 {
			t.Errorf("disconnect %d after %v", code, time.Since(began))
		}
	})
}

// TestShutdown closes every client with 1001 and runs its $disconnect.
func TestShutdown(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, c *websocket.Conn) {
		f.do("$disconnect", func(invocation) (lambda.Result, error) {
			time.Sleep(3 * time.Second)
			return lambda.Result{Payload: []byte(`{"statusCode":200}`)}, nil
		})
		began := time.Now()
		over := make(chan error, 1)
		go func() { over <- f.gateway.Shutdown(t.Context()) }()
		if got := closed(t, c); got.Code != websocket.StatusGoingAway {
			t.Errorf("close %v", got)
		}
		if err := <-over; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		if code, reason := f.left(t); code != 1001 || reason != "Going away" {
			t.Errorf("disconnect %d %q", code, reason)
		}
	})
}

// TestShutdownOfRudeClient checks that a client without a close frame delays
// the shutdown only briefly.
func TestShutdownOfRudeClient(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, _ *websocket.Conn) {
		began := time.Now()
		if err := f.gateway.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if code, _ := f.left(t); code != 1001 { // the side that ended it counts, not the way it ended
			t.Errorf("disconnect %d", code)
		}
	})
}

// TestShutdownCuts cuts the remaining connections when the time is over.
func TestShutdownCuts(t *testing.T) {
	timed(t, func(t *testing.T, f *fixture, _ *websocket.Conn) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.gateway.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown: %v", err)
		}
		f.left(t)
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}
