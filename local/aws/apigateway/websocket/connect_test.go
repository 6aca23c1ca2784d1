package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"skiff/local/aws/lambda"
)

// TestRecordedConnectStatus compares the client's status for each status of
// $connect with a table that a user recorded on AWS.
func TestRecordedConnectStatus(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for _, status := range []int{200, 201} {
		f.answer("$connect", fmt.Sprintf(`{"statusCode":%d}`, status))
		c, _ := f.connect(t)
		c.Close(websocket.StatusNormalClosure, "")
		f.next(t, "$disconnect")
	}
	for _, status := range []int{301, 401, 501} {
		f.answer("$connect", fmt.Sprintf(`{"statusCode":%d}`, status))
		if res := f.refused(t, ""); res.StatusCode != status {
			t.Errorf("status %d, want %d", res.StatusCode, status)
		}
		f.next(t, "$connect")
	}
	f.fail("$connect", "foo")
	if res := f.refused(t, ""); res.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d for an error, want 502", res.StatusCode)
	}
	f.next(t, "$connect")
	f.quiet(t) // a refused client has no $disconnect
	if err := f.log(t); !strings.Contains(err.Error(), "foo") {
		t.Errorf("log %v", err)
	}
}

func TestConnectErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(invocation) (lambda.Result, error)
		want   int
	}{
		{"no answer", answers(`null`), 502},
		{"text", answers(`"hello"`), 502},
		{"no status", answers(`{"body":"x"}`), 502},
		{"status 0", answers(`{"statusCode":0}`), 502},
		{"status of text", answers(`{"statusCode":"403"}`), 403},
		{"other member", answers(`{"statusCode":200,"Data":"x"}`), 502},
		{"headers of another type", answers(`{"statusCode":200,"headers":[]}`), 502},
		{"time", func(invocation) (lambda.Result, error) { return lambda.Result{}, context.DeadlineExceeded }, 504},
		{"throttled", func(invocation) (lambda.Result, error) { return lambda.Result{}, lambda.ErrThrottled }, 500},
		{"no permission", func(invocation) (lambda.Result, error) { return lambda.Result{}, lambda.ErrNoPermission }, 500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			f.do("$connect", test.answer)
			if res := f.refused(t, ""); res.StatusCode != test.want {
				t.Errorf("status %d, want %d", res.StatusCode, test.want)
			}
			if test.want >= 500 {
				f.log(t)
			}
		})
	}
}

func answers(payload string) func(invocation) (lambda.Result, error) {
	return func(invocation) (lambda.Result, error) { return lambda.Result{Payload: []byte(payload)}, nil }
}

func TestConnectWithoutRoute(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.change(func(s *Stage) { delete(s.Routes, "$connect"); delete(s.Routes, "$disconnect") })
	c, _, err := websocket.Dial(t.Context(), f.url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, c, "x")
	f.next(t, "$default")
	c.Close(websocket.StatusNormalClosure, "")
	f.shutdown(t)
	f.quiet(t)
}

func TestSubprotocol(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	dial := func() string {
		c, _, err := websocket.Dial(t.Context(), f.url, &websocket.DialOptions{Subprotocols: []string{"chat1", "myprotocol"}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		return c.Subprotocol()
	}
	if got := dial(); got != "" {
		t.Errorf("protocol %q, though the function returned none", got)
	}
	for _, headers := range []string{`"headers":{"sec-websocket-protocol":"myprotocol"}`, `"multiValueHeaders":{"Sec-WebSocket-Protocol":["myprotocol"]}`} {
		f.answer("$connect", `{"statusCode":200,`+headers+`}`)
		if got := dial(); got != "myprotocol" {
			t.Errorf("protocol %q of %s", got, headers)
		}
	}
}

// TestHandshake sends invalid handshakes and wrong paths: no function may be
// called.
func TestHandshake(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	good := func() http.Header {
		return http.Header{
			"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"WebSocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}
	}
	tests := []struct {
		name, method, path string
		change             func(http.Header)
		want               int
	}{
		{"plain request", "GET", "", func(h http.Header) { clear(h) }, 426},
		{"other connection", "GET", "", func(h http.Header) { h.Set("Connection", "keep-alive") }, 426},
		{"other upgrade", "GET", "", func(h http.Header) { h.Set("Upgrade", "h2c") }, 426},
		{"method", "POST", "", func(http.Header) {}, 426},
		{"version", "GET", "", func(h http.Header) { h.Set("Sec-Websocket-Version", "8") }, 400},
		{"no key", "GET", "", func(h http.Header) { h.Del("Sec-Websocket-Key") }, 400},
		{"short key", "GET", "", func(h http.Header) { h.Set("Sec-Websocket-Key", "YQ==") }, 400},
		{"key of other characters", "GET", "", func(h http.Header) { h.Set("Sec-Websocket-Key", "%%%") }, 400},
		{"two keys", "GET", "", func(h http.Header) { h.Add("Sec-Websocket-Key", h.Get("Sec-Websocket-Key")) }, 400},
		{"long URL", "GET", "?x=" + strings.Repeat("y", 4096), func(http.Header) {}, 414},
		{"path below the stage", "GET", "/items", func(http.Header) {}, 403},
		{"other stage", "GET", "x/../../other", func(http.Header) {}, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), test.method, f.url+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = good()
			test.change(r.Header)
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode == http.StatusSwitchingProtocols {
				t.Fatal("the client is connected")
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != test.want || !strings.Contains(string(body), `"message":`) {
				t.Errorf("%s %s, want %d", res.Status, body, test.want)
			}
			f.quiet(t)
		})
	}
}

// TestLeavingEarly has a client that leaves while its $connect runs.
// $disconnect must run, to undo what the function stored.
func TestLeavingEarly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	goOn := make(chan struct{})
	f.do("$connect", func(invocation) (lambda.Result, error) {
		<-goOn
		return lambda.Result{Payload: []byte(`{"statusCode":200}`)}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, _, err := websocket.Dial(ctx, f.url, nil)
		failed <- err
	}()
	connected := f.next(t, "$connect").event.RequestContext
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("dial: %v", err)
	}
	close(goOn)
	left := f.next(t, "$disconnect").event.RequestContext
	if left.ConnectionID != connected.ConnectionID || left.DisconnectStatusCode != 1006 {
		t.Errorf("%s leaves with %d, want %s with 1006", left.ConnectionID, left.DisconnectStatusCode, connected.ConnectionID)
	}
}

func TestForeignOrigin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	c, _, err := websocket.Dial(t.Context(), f.url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://other.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if got := f.next(t, "$connect").event.Headers["Origin"]; got != "https://other.example" {
		t.Errorf("origin %q", got)
	}
}
