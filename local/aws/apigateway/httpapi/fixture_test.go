package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

const testHost = "abc123.execute-api.eu-west-1.amazonaws.com"

// A fixture is a gateway on a free port. It records the calls of functions.
type fixture struct {
	address string
	options Options

	mu       sync.Mutex
	found    Target // without the path
	foundErr error

	calls  []invoked
	errors []error
	lines  []string // access log lines, with group and stream
}

type invoked struct {
	function, source string
	event            event
	payload          []byte
}

// newFixture serves one stage. reply answers for its functions.
func newFixture(t testing.TB, stage Stage, reply func(context.Context, []byte) (lambda.Result, error)) *fixture {
	t.Helper()
	return newSlowFixture(t, stage, reply, time.Minute)
}

// newSlowFixture is newFixture with a limit for reading a head and for reading
// a body.
func newSlowFixture(t testing.TB, stage Stage, reply func(context.Context, []byte) (lambda.Result, error), limit time.Duration) *fixture {
	t.Helper()
	f := fixtureOf(t, stage, reply)
	f.options.HeaderTimeout, f.options.BodyTimeout = limit, limit
	f.serve(t)
	return f
}

// newTimedFixture is newFixture with a clock.
func newTimedFixture(t testing.TB, stage Stage, now func() time.Time, reply func(context.Context, []byte) (lambda.Result, error)) *fixture {
	t.Helper()
	f := fixtureOf(t, stage, reply)
	f.options.Now = now
	f.serve(t)
	return f
}

func fixtureOf(t testing.TB, stage Stage, reply func(context.Context, []byte) (lambda.Result, error)) *fixture {
	f := &fixture{found: Target{Host: testHost, Stages: []Stage{stage}}}
	f.options = Options{
		Find: func(r *http.Request) (Target, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.found.Stages == nil {
				return Target{}, ErrNotFound
			}
			target := f.found
			target.Path = r.URL.EscapedPath()
			return target, f.foundErr
		},
		Invoke: func(ctx context.Context, function, source string, payload []byte) (lambda.Result, error) {
			c := invoked{function: function, source: source, payload: payload}
			if err := json.Unmarshal(payload, &c.event); err != nil {
				t.Errorf("event: %v", err)
			}
			f.mu.Lock()
			f.calls = append(f.calls, c)
			f.mu.Unlock()
			return reply(ctx, payload)
		},
		Log: func(_ string, err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.errors = append(f.errors, err)
		},
		AccessLog: func(group, stream string, line []byte) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.lines = append(f.lines, group+" "+stream+" "+string(line))
		},
	}
	return f
}

// serve starts the server, which stops at the end of the test.
func (f *fixture) serve(t testing.TB) {
	t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := Listen(port, TLSOptions{})
	server := New(f.options).Server()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	f.address = listener.Addr().String()
}

// testStage returns a $default stage with a route for each key.
func testStage(keys ...string) Stage {
	s := Stage{APIID: "abc123", AccountID: "111111111111", Region: "eu-west-1", Name: DefaultStage}
	for _, key := range keys {
		s.Routes = append(s.Routes, Route{ID: key, Key: key, Integration: &Integration{
			ID: "i", FunctionARN: "arn:aws:lambda:eu-west-1:111111111111:function:f", PayloadFormatVersion: "2.0",
		}})
	}
	return s
}

// answering returns a reply with a constant payload.
func answering(payload string) func(context.Context, []byte) (lambda.Result, error) {
	return func(context.Context, []byte) (lambda.Result, error) {
		return lambda.Result{Payload: []byte(payload)}, nil
	}
}

// last returns the most recent call.
func (f *fixture) last(t *testing.T) invoked {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		t.Fatal("no function was called")
	}
	return f.calls[len(f.calls)-1]
}

func (f *fixture) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// A reply is the answer that a client received.
type reply struct {
	status int
	header http.Header
	body   string
}

// raw sends text unchanged over a new connection and reads one answer. The
// status is 0 if the connection ends without an answer.
func (f *fixture) raw(t testing.TB, text string) reply {
	t.Helper()
	conn, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(text, " ")
	return readReply(t, conn, method)
}

func readReply(t testing.TB, conn net.Conn, method string) reply {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() {
			t.Fatal("no answer within 30 s, and the connection is open")
		}
		return reply{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

// get sends a request without a body; headers are "Name: value".
func (f *fixture) get(t testing.TB, method, target string, headers ...string) reply {
	t.Helper()
	return f.raw(t, head(method, target, headers...)+"\r\n")
}

// post sends a request with a body.
func (f *fixture) post(t testing.TB, target, contentType, body string) reply {
	t.Helper()
	req, err := http.NewRequest("POST", "http://"+f.address+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(answer)}
}

func head(method, target string, headers ...string) string {
	var b bytes.Buffer
	b.WriteString(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n")
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return b.String()
}

// wantMessage checks an error of the gateway.
func wantMessage(t *testing.T, got reply, status int, message string) {
	t.Helper()
	if got.status != status || got.body != `{"message":"`+message+`"}` {
		t.Errorf("answer %d %s, want %d %s", got.status, got.body, status, message)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("Apigw-Requestid") == "" {
		t.Errorf("headers %v", got.header)
	}
}

// load reads a file of testdata, which names its source and licence.
func load(t testing.TB, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
