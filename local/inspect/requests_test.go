package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

func invocation(id, kind, request string) lambda.Invocation {
	return lambda.Invocation{ID: id, Trace: "trace " + id, Function: "f", Origin: lambda.Origin{Kind: kind, ID: request}, Event: []byte("{}")}
}

// TestOneEntry checks that a request and its invocations share an entry, in any
// order of arrival, and that the entry is hidden until the request arrives.
func TestOneEntry(t *testing.T) {
	t.Parallel()
	r := NewRecorder()
	r.Call("trace 1", iam.Use{Action: "dynamodb:GetItem"})
	r.Call("trace 1", iam.Use{Action: "dynamodb:GetItem"})
	r.Call("trace 2", iam.Use{Action: "sqs:SendMessage"})
	r.Invocation(invocation("1", "authorizer", "a"))
	if _, seen := r.Entry("a"); seen || len(r.Entries()) > 0 {
		t.Error("the entry is seen before its request")
	}
	r.Exchange(httpapi.Exchange{ID: "a", Status: 200})
	r.Invocation(invocation("2", "request", "a")) // it ran longer than the client waited
	r.Invocation(invocation("3", "queue", ""))
	e, ok := r.Entry("a")
	if !ok || len(e.Invocations) != 2 || e.Request.Status != 200 {
		t.Fatalf("the entry is %+v", e)
	}
	first, second := e.Invocations[0], e.Invocations[1]
	if len(first.Calls) != 1 || first.Calls[0].Times != 2 || len(second.Calls) != 1 || second.Calls[0].Action != "sqs:SendMessage" {
		t.Errorf("the calls are %v and %v", first.Calls, second.Calls)
	}
	if all := r.Entries(); len(all) != 2 || all[0].ID != "3" || all[0].Kind != "queue" {
		t.Errorf("the entries are %v", all)
	}
	if len(r.calls) != 0 || len(r.traces) != 0 {
		t.Errorf("calls are left: %v", r.calls)
	}
}

// TestBounds checks the limits on entries, bytes, and calls of invocations that
// never end.
func TestBounds(t *testing.T) {
	t.Parallel()
	r := NewRecorder()
	for n := range 3 * maxEntries {
		r.Exchange(httpapi.Exchange{ID: fmt.Sprint(n)})
	}
	if all := r.Entries(); len(all) != maxEntries || all[0].ID != fmt.Sprint(3*maxEntries-1) || len(r.entries) != maxEntries {
		t.Errorf("%d entries", len(all))
	}
	large := bytes.Repeat([]byte("x"), maxBody)
	for n := range maxEntries {
		i := invocation(fmt.Sprint("large ", n), "request", fmt.Sprint("never ", n)) // whose request never arrives
		i.Event = large
		r.Invocation(i)
	}
	sum := 0
	for _, e := range r.entries {
		sum += e.bytes
	}
	if r.bytes > maxBytes || r.bytes != sum || sum < maxBytes/2 {
		t.Errorf("%d bytes are counted, %d are kept", r.bytes, sum)
	}
	for n := range 3 * maxTraces {
		for c := range 2 * maxCalls {
			r.Call(fmt.Sprint(n), iam.Use{Action: fmt.Sprint(c)})
		}
	}
	if len(r.calls) != maxTraces || len(r.traces) != maxTraces || len(r.calls[r.traces[0]]) != maxCalls {
		t.Errorf("calls of %d traces are kept", len(r.calls))
	}
}

// TestCut checks that only the beginning of a large body is kept, and that such
// a request cannot be replayed.
func TestCut(t *testing.T) {
	t.Parallel()
	r := NewRecorder()
	r.Exchange(httpapi.Exchange{ID: "a", Body: make([]byte, maxBody+1)})
	r.Exchange(httpapi.Exchange{ID: "b", Body: make([]byte, maxBody), Answer: make([]byte, maxBody+1)})
	large := invocation("c", "queue", "")
	large.Event = make([]byte, maxBody+1)
	r.Invocation(large)
	for id, want := range map[string]string{
		"a": fmt.Sprintf("its body has %d bytes, of which the first %d are kept", maxBody+1, beginning), "b": "",
		"c": fmt.Sprintf("its event has %d bytes, of which the first %d are kept", maxBody+1, beginning),
	} {
		e, _ := r.Entry(id)
		if err := e.Replayable(); fmt.Sprint(err) != want && (err != nil || want != "") {
			t.Errorf("%s: %v, want %q", id, err, want)
		}
	}
	if e, _ := r.Entry("a"); cap(e.Request.Body) > 2*beginning || e.Request.BodySize != maxBody+1 {
		t.Errorf("%d of %d bytes are kept", cap(e.Request.Body), e.Request.BodySize)
	}
}

// TestAgain checks that a replayed request equals the original.
func TestAgain(t *testing.T) {
	t.Parallel()
	r := Request{Exchange: httpapi.Exchange{Method: "PUT", URI: "/items/a%2Fb?x=%20", Host: "127.0.0.1:8080", Body: []byte("{}"), Header: http.Header{"If-Match": {"*"}}}}
	again, err := r.again()
	if err != nil {
		t.Fatal(err)
	}
	var sent strings.Builder
	if err := again.Write(&sent); err != nil {
		t.Fatal(err)
	}
	want := "PUT /items/a%2Fb?x=%20 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 2\r\nIf-Match: *\r\n\r\n{}"
	if sent.String() != want || again.RequestURI != r.URI {
		t.Errorf("sent again: %q", sent.String())
	}
}

// TestChanged checks that a reader sees every change, even if many arrive at
// once.
func TestChanged(t *testing.T) {
	t.Parallel()
	r := NewRecorder()
	const each, writers = 20, 8 // below the limit on entries
	ended := make(chan map[string]bool)
	for range 4 {
		go func() {
			seen, last := map[string]bool{}, uint64(0)
			for len(seen) < each*writers {
				entries, at, err := r.Changed(t.Context(), last)
				if err != nil || at <= last || len(entries) == 0 {
					break
				}
				for _, e := range entries {
					seen[e.ID] = true
				}
				last = at
			}
			ended <- seen
		}()
	}
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for n := range each {
				id := fmt.Sprint(w, " ", n)
				r.Call("trace "+id, iam.Use{})
				r.Invocation(invocation(id, "request", id))
				r.Exchange(httpapi.Exchange{ID: id})
			}
		})
	}
	writing.Wait()
	for range 4 {
		if seen := <-ended; len(seen) != each*writers {
			t.Errorf("%d of %d were seen", len(seen), each*writers)
		}
	}
	if entries, last, err := r.Changed(t.Context(), r.changes+1); err != nil || len(entries) != each*writers || last != r.changes {
		t.Errorf("a client from an earlier run sees %d entries, %v", len(entries), err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if _, _, err := r.Changed(ctx, r.changes); !errors.Is(err, gone) {
		t.Errorf("a client that leaves gets %v", err)
	}
}
