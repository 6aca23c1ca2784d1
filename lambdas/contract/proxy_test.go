package contract

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// proxy forwards calls to the database. It records them and can inject faults.
type proxy struct {
	url   string
	mutex sync.Mutex
	harm  func(action string, w http.ResponseWriter, r *http.Request) bool
	calls []string // actions; with the resource if that is not the table of items
}

func newProxy(t *testing.T, connections string) *proxy {
	target, err := url.Parse(database.URL())
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ErrorLog = log.New(io.Discard, "", 0) // a cancelled request is not an error
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		call := "dynamodb:" + action
		if bytes.Contains(body, []byte(`"IndexName"`)) {
			call += " of the " + lambdas.Resource{Table: "items", Index: names.StatusIndex}.String()
		}
		if bytes.Contains(body, []byte(`"`+connections+`"`)) {
			call += " of the " + lambdas.Resource{Table: "connections"}.String()
		}
		harm := p.note(call)
		if harm != nil && harm(action, w, r) {
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// note records a call and returns the fault that is set.
func (p *proxy) note(call string) func(action string, w http.ResponseWriter, r *http.Request) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.calls = append(p.calls, call)
	return p.harm
}

// fault sets a function that gets every call. The function answers the call and
// returns true, or returns false to forward it.
func (p *proxy) fault(harm func(action string, w http.ResponseWriter, r *http.Request) bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.harm = harm
	p.calls = nil
}

func (p *proxy) seen() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.calls)
}

// refuseWith answers with an error of DynamoDB. Its message must never reach a
// client or the log.
func refuseWith(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"User: arn:aws:sts::%s:assumed-role/r/f is not authorized on resource: arn:aws:dynamodb:us-east-1:%s:table/t"}`,
		code, account, account)
}

// loseFirst forwards the first call of the action and drops its response.
func loseFirst(action string) func(string, http.ResponseWriter, *http.Request) bool {
	var lost atomic.Bool
	return func(called string, w http.ResponseWriter, r *http.Request) bool {
		if called != action || !lost.CompareAndSwap(false, true) {
			return false
		}
		out := r.Clone(r.Context())
		out.RequestURI = ""
		out.URL, _ = url.Parse(database.URL())
		if resp, err := http.DefaultTransport.RoundTrip(out); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		panic(http.ErrAbortHandler)
	}
}

type syncBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}
