package httpapi

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

type badInput struct {
	Name, Why string
	Request   struct{ Method, Path string }
	Expect    struct{ Status int }
	Alt       []any `json:"awsMayAnswer"`
}

// badInputs returns a function for each case of testdata/bad_inputs.json that
// concerns the gateway. The function sends the case's request. A reply has
// status 0 if the connection ended without an answer.
func badInputs() map[string]func(t *testing.T, c badInput) reply {
	fault := func(event string) func(*testing.T, badInput) reply {
		return func(t *testing.T, c badInput) reply { return sendFault(t, c, event) }
	}
	return map[string]func(*testing.T, badInput) reply{
		"no route": sendPlain, "method without route": sendPlain, "trailing slash": sendPlain,
		"path in capitals": sendPlain, "dot segments": sendPlain, "space in target": sendPlain,
		"body above Lambda limit":  sendBody(6<<20+1<<10, 1), // Lambda refuses it
		"body above gateway limit": sendBody(10<<20+1, 0),    // the gateway refuses it
		"headers too large": func(t *testing.T, c badInput) reply {
			got := newCloud(t, 0, -1).get(t, c.Request.Method, c.path(), "x-big: "+strings.Repeat("a", 10_300))
			wantMessage(t, got, 431, "Request Header Fields Too Large")
			return got
		},
		"two content lengths": func(t *testing.T, c badInput) reply {
			return newCloud(t, 0, -1).raw(t, head("POST", c.path(), "content-length: 5, 6")+"\r\nhello")
		},
		"slow headers": sendSlowHead, "body that stops": sendSlowBody,
		"foreign origin": func(t *testing.T, c badInput) reply {
			got := newCloud(t, 0, -1).get(t, "OPTIONS", c.path(), "origin: https://evil.example", "access-control-request-method: POST")
			if got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("a foreign origin got a grant")
			}
			return got
		},
		"handler panics":      fault(`{"do":"panic","text":"secret"}`),
		"bootstrap exits":     fault(`{"do":"exit","number":1}`),
		"integration timeout": sendTimeout,
		"status code that is none": func(t *testing.T, c badInput) reply {
			for _, status := range []string{`1.5`, `\"200\"`} {
				wantMessage(t, sendFault(t, c, `{"do":"raw","text":"{\"statusCode\":`+status+`}"}`), 500, "Internal Server Error")
			}
			return sendFault(t, c, `{"do":"raw","text":"{\"statusCode\":0}"}`)
		},
		"stage throttle":      sendThrottled,
		"concurrency used up": sendParallel,
		"answer too large":    fault(`{"do":"big","number":7000000}`),
	}
}

func TestBadInputs(t *testing.T) {
	t.Parallel()
	var file struct{ Cases []badInput }
	load(t, "bad_inputs.json", &file)
	senders := badInputs()
	if len(file.Cases) != len(senders) {
		t.Errorf("%d cases, %d ways to send them", len(file.Cases), len(senders))
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			send := senders[c.Name]
			if send == nil {
				t.Fatalf("no way to send %s: %s", c.Name, c.Why)
			}
			got := send(t, c)
			closed := got.status == 0 && slices.Contains(c.Alt, any("close"))
			if got.status != c.Expect.Status && !closed {
				t.Errorf("status %d, want %d: %s", got.status, c.Expect.Status, c.Why)
			}
			if got.status >= 300 && got.status < 400 {
				t.Errorf("the gateway redirects: %+v", got)
			}
			messages := map[int]string{404: "Not Found", 413: "Request Entity Too Large", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
			if message, ok := messages[c.Expect.Status]; ok {
				wantMessage(t, got, c.Expect.Status, message)
			}
		})
	}
}

func (c badInput) path() string { return strings.ReplaceAll(c.Request.Path, "{existing}", "x1") }

// wantHealthy sends the case's control request.
func wantHealthy(t *testing.T, c *cloud) {
	t.Helper()
	c.setFault("")
	if got := c.get(t, "GET", "/items/x1"); got.status != 200 {
		t.Errorf("the request after it: %d %s", got.status, got.body)
	}
}

func sendPlain(t *testing.T, c badInput) reply {
	cloud := newCloud(t, 0, -1)
	got := cloud.get(t, c.Request.Method, c.path())
	if cloud.called() != 0 {
		t.Error("a function was called")
	}
	wantHealthy(t, cloud)
	return got
}

func sendBody(size, calls int) func(*testing.T, badInput) reply {
	return func(t *testing.T, c badInput) reply {
		cloud := newCloud(t, 0, -1)
		got := cloud.post(t, c.path(), "application/json", strings.Repeat("a", size))
		if n := cloud.called(); n != calls {
			t.Errorf("%d calls of Invoke, want %d", n, calls)
		}
		wantHealthy(t, cloud)
		return got
	}
}

// sendFault makes the function fail. The next request must succeed.
func sendFault(t *testing.T, c badInput, event string) reply {
	cloud := newCloud(t, 0, -1)
	cloud.setFault(event)
	got := cloud.get(t, c.Request.Method, c.path())
	cloud.fixture.mu.Lock()
	if len(cloud.errors) != 1 {
		t.Errorf("logged %v, want the one reason", cloud.errors)
	}
	cloud.fixture.mu.Unlock()
	wantHealthy(t, cloud)
	return got
}

// sendTimeout makes the integration time out before the function ends. The
// function keeps running, and its sandbox gets no other request meanwhile.
func sendTimeout(t *testing.T, c badInput) reply {
	const timeout = 2 * time.Second
	cloud := newCloud(t, timeout, -1)
	cloud.setFault(`{"do":"wait","path":"` + filepath.Join(t.TempDir(), "never") + `"}`)
	start := time.Now()
	got := cloud.get(t, c.Request.Method, c.path())
	if took := time.Since(start); took < timeout {
		t.Errorf("answered after %v, before the timeout", took)
	}
	wantHealthy(t, cloud)
	if n := cloud.runtime.Sandboxes("items"); n != 2 {
		t.Errorf("%d sandboxes, want the one at work and another", n)
	}
	return got
}

// sendParallel uses up a reserved concurrency of 1. It returns the answer to a
// request above it.
func sendParallel(t *testing.T, c badInput) reply {
	cloud := newCloud(t, 0, 1)
	gate := filepath.Join(t.TempDir(), "go")
	cloud.setFault(`{"do":"wait","path":"` + gate + `"}`)
	replies := make(chan reply, 5)
	for range 5 {
		go func() { replies <- cloud.get(t, c.Request.Method, c.path()) }()
	}
	var refused reply
	for range 4 {
		refused = <-replies
		wantMessage(t, refused, 503, "Service Unavailable")
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if served := <-replies; served.status != 200 {
		t.Errorf("the first one: %d %s", served.status, served.body)
	}
	if n := cloud.runtime.Sandboxes("items"); n != 1 {
		t.Errorf("%d sandboxes, want 1", n)
	}
	return refused
}

// sendThrottled returns one of the answers other than 200.
func sendThrottled(t *testing.T, c badInput) reply {
	cloud := newCloud(t, 0, -1)
	cloud.mu.Lock()
	cloud.found.Stages[0].Throttle = &Limit{Rate: 1, Burst: 1}
	cloud.mu.Unlock()
	replies := make(chan reply, 10)
	for range 10 {
		go func() { replies <- cloud.get(t, c.Request.Method, c.path()) }()
	}
	var refused reply
	served := 0
	for range 10 {
		switch got := <-replies; got.status {
		case 200:
			served++
		default:
			refused = got
			wantMessage(t, got, 429, "Too Many Requests")
		}
	}
	if n := cloud.called(); served == 0 || n != served {
		t.Errorf("%d were served by %d calls of the function, want at least one, each by one", served, n)
	}
	return refused
}

// sendSlowHead sends single bytes, slowly, until the connection ends without an
// answer.
func sendSlowHead(t *testing.T, c badInput) reply {
	f := newSlowFixture(t, testStage(itemsKeys()...), answering(`{}`), 200*time.Millisecond)
	conn := dial(t, f.address)
	text := head(c.Request.Method, c.path(), "x-slow: "+strings.Repeat("a", 1000))
	ended := make(chan string, 1)
	go func() {
		received, _ := io.ReadAll(conn) // an error means that the connection was reset
		ended <- string(received)
	}()
	for i := range text {
		_, err := conn.Write([]byte{text[i]})
		select {
		case received := <-ended:
			if received != "" || f.called() != 0 {
				t.Errorf("a slow head is answered %q, and %d functions were called; want neither", received, f.called())
			}
			return reply{}
		case <-time.After(20 * time.Millisecond):
		}
		if err != nil {
			t.Fatalf("the connection does not end, and takes no byte: %v", err)
		}
	}
	t.Error("the connection outlived a slow head")
	return reply{status: -1}
}

func sendSlowBody(t *testing.T, c badInput) reply {
	f := newSlowFixture(t, testStage(itemsKeys()...), answering(`{}`), 200*time.Millisecond)
	conn := dial(t, f.address)
	if _, err := io.WriteString(conn, head("POST", c.path(), "content-length: 100")+"\r\n0123456789"); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := readReply(t, conn, "POST")
	if f.called() != 0 {
		t.Error("half a body reached a function")
	}
	wantMessage(t, got, 408, "Request Timeout")
	if got.header.Get("Connection") != "" { // ReadResponse removes "close"
		t.Errorf("headers %v", got.header)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection stays open: %v", err)
	}
	return got
}
