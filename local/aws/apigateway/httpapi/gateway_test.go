package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

func TestInvokeErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err     error
		status  int
		message string
	}{
		{fmt.Errorf("x: %w", lambda.ErrThrottled), 503, "Service Unavailable"},
		{fmt.Errorf("x: %w", lambda.ErrClosed), 503, "Service Unavailable"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), 503, "Service Unavailable"},
		{fmt.Errorf("x: %w", lambda.ErrPayloadTooLarge), 413, "Request Entity Too Large"},
		{errors.New("no permission for arn:aws:lambda:secret"), 500, "Internal Server Error"},
	} {
		f := newFixture(t, testStage("GET /"), func(context.Context, []byte) (lambda.Result, error) { return lambda.Result{}, c.err })
		wantMessage(t, f.get(t, "GET", "/"), c.status, c.message)
	}
}

func TestIntegrationIsMissing(t *testing.T) {
	t.Parallel()
	stage := testStage("GET /none", "GET /old")
	stage.Routes[0].Integration = nil
	stage.Routes[1].Integration.PayloadFormatVersion = "1.0"
	f := newFixture(t, stage, answering(`{}`))
	wantMessage(t, f.get(t, "GET", "/none"), 500, "Internal Server Error")
	wantMessage(t, f.get(t, "GET", "/old"), 500, "Internal Server Error")
	if f.called() != 0 {
		t.Error("a function was called")
	}
}

func TestNoAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("$default"), answering(`{}`))
	f.mu.Lock()
	f.found.Stages = nil
	f.mu.Unlock()
	wantMessage(t, f.get(t, "GET", "/"), 404, "Not Found")
}

// TestForeignHost checks that a request to a host that is not this machine gets
// 403 with the reason.
func TestForeignHost(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("$default"), answering(`{}`))
	f.mu.Lock()
	f.foundErr = fmt.Errorf("%w: %q", ErrHost, `evil"`)
	f.mu.Unlock()
	got := f.get(t, "GET", "/")
	var body struct{ Message string }
	must(t, json.Unmarshal([]byte(got.body), &body))
	if want := "Forbidden: " + f.foundErr.Error(); got.status != 403 || body.Message != want || f.called() != 0 {
		t.Errorf("%d %s, want %s", got.status, got.body, want)
	}
}

// TestPathsAreNotCleaned checks that the gateway neither cleans a path nor
// redirects.
func TestPathsAreNotCleaned(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("GET /items", "ANY /all/{proxy+}"), answering(`{}`))
	for _, path := range []string{"//items", "/items/", "/./items", "/x/../items", "/items//", "/ITEMS"} {
		wantMessage(t, f.get(t, "GET", path), 404, "Not Found")
	}
	for _, path := range []string{"/all//items", "/all/./a/../b", "/all/a/"} {
		if got := f.get(t, "GET", path); got.status != 200 || f.last(t).event.RawPath != path {
			t.Errorf("%s: %d, raw path %q", path, got.status, f.last(t).event.RawPath)
		}
	}
	wantMessage(t, f.get(t, "OPTIONS", "*"), 404, "Not Found")
}

func TestHeadLimitIsExact(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("GET /"), answering(`{"statusCode":200}`))
	rest := len(head("GET", "/", "x-big: "))
	fits := strings.Repeat("a", 10_240-rest)
	if got := f.get(t, "GET", "/", "x-big: "+fits); got.status != 200 {
		t.Errorf("10,240 bytes: %d", got.status)
	}
	if got := f.get(t, "GET", "/", "x-big: "+fits+"a"); got.status != 431 {
		t.Errorf("10,241 bytes: %d", got.status)
	}
	if got := f.get(t, "GET", "/", "x-big: "+strings.Repeat("a", 200<<10)); got.status != 431 {
		t.Errorf("200 KiB: %d", got.status)
	}
}

func TestChunkedBody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("POST /"), answering(`{}`))
	start := head("POST", "/", "Transfer-Encoding: chunked", "Content-Type: text/plain") + "\r\n"
	if got := f.raw(t, start+"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	if e := f.last(t).event; e.Body != "abcde" || e.Headers["content-length"] != "5" || e.Headers["transfer-encoding"] != "" {
		t.Errorf("event %+v", e)
	}
	wantMessage(t, f.raw(t, start+"zz\r\nabc"), 400, "Bad Request")
}

func TestKeepAliveAfterErrors(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("GET /"), answering(`{"statusCode":200}`))
	c := newClient(t, f.address)
	for _, want := range []struct {
		path   string
		status int
	}{{"/no", 404}, {"/", 200}, {"/no", 404}, {"/", 200}} {
		if got := c.do(t, "GET", want.path); got != want.status {
			t.Errorf("%s: %d, want %d", want.path, got, want.status)
		}
	}
}

// TestBodyTimeoutEndsWithTheBody checks that the limit for reading a body does
// not limit the function.
func TestBodyTimeoutEndsWithTheBody(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	f := newSlowFixture(t, testStage("POST /"), func(ctx context.Context, _ []byte) (lambda.Result, error) {
		select {
		case <-time.After(3 * limit):
			return lambda.Result{Payload: []byte(`{}`)}, nil
		case <-ctx.Done():
			return lambda.Result{}, ctx.Err()
		}
	}, limit)
	if got := f.post(t, "/", "text/plain", "hi"); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestSlowHead checks that a connection whose request head stops ends without
// an answer. Complete requests before it are answered. Text that is not HTTP is
// answered too.
func TestSlowHead(t *testing.T) {
	t.Parallel()
	f := newSlowFixture(t, testStage("GET /", "POST /"), answering(`{"statusCode":200}`), 100*time.Millisecond)
	const whole = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	const body = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
	for _, c := range []struct {
		sent string
		want []int // the statuses of the answers
	}{
		{"G", nil}, {"GET / HT", nil}, {"GET / HTTP/1.1\r", nil}, {"GET / HTTP/1.1\r\nHos", nil}, {"GET / HTTP/1.1\r\nHost: localhost\r\n", nil},
		{whole + "GET / H", []int{200}}, {body + "GET / H", []int{200}}, {body + whole + body + whole, []int{200, 200, 200, 200}},
		{whole + "no HTTP at all\r\n\r\n", []int{200, 400}},
	} {
		conn := dial(t, f.address)
		if _, err := io.WriteString(conn, c.sent); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		var got []int
		for r := bufio.NewReader(conn); len(got) < len(c.want); {
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatalf("%q: after %v: %v", c.sent, got, err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			got = append(got, res.StatusCode)
		}
		if !strings.HasSuffix(c.sent, "\r\n\r\n") {
			if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
				t.Errorf("%q is answered %q, %v", c.sent, rest, err)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q is answered %v, want %v", c.sent, got, c.want)
		}
	}
}
