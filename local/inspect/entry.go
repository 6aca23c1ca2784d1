package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// maxBody is the size up to which a body, an event or an answer is kept whole; of
// a larger one the beginning is kept.
const (
	maxBody   = 256 << 10
	beginning = 16 << 10
)

// Entry is a request with its invocations, or an invocation that no request made.
// It is not changed: what comes later makes another one with the same id.
type Entry struct {
	ID          string
	Change      uint64 // number of its last change
	Kind        string // request, or what the invocation is for, such as queue
	Source      string // what an invocation came from; the route of a request
	Began       time.Time
	Duration    time.Duration
	Request     *Request    // nil for an invocation
	Invocations []Execution // in the order in which they ended

	bytes int
}

// Request is a request and its answer. The sizes are of the bodies as they came.
type Request struct {
	httpapi.Exchange
	BodySize, AnswerSize int
}

// Execution is one invocation with the calls that it made. The sizes are of the
// event and the answer as they came.
type Execution struct {
	lambda.Invocation
	EventSize, AnswerSize int
	Calls                 []Call
}

// Call is a call of a service that a function made, and how often.
type Call struct {
	iam.Use
	Times int
}

// Failed reports whether the function or its sandbox failed.
func (i Execution) Failed() bool { return i.Err != nil || i.Result.FunctionError != "" }

// Cold reports whether a sandbox was started for the invocation.
func (i Execution) Cold() bool { return i.Init > 0 }

// waits reports whether the request of the invocations is yet to come.
func (e *Entry) waits() bool { return e.Kind == "request" && e.Request == nil }

// Replayable is nil where the entry can be sent again, else why it cannot.
func (e *Entry) Replayable() error {
	switch r := e.Request; {
	case r != nil && len(r.Body) < r.BodySize:
		return fmt.Errorf("its body has %d bytes, of which the first %d are kept", r.BodySize, len(r.Body))
	case r == nil && len(e.Invocations) == 0:
		return errors.New("it has no event")
	case r == nil && len(e.Invocations[0].Event) < e.Invocations[0].EventSize:
		return fmt.Errorf("its event has %d bytes, of which the first %d are kept", e.Invocations[0].EventSize, len(e.Invocations[0].Event))
	}
	return nil
}

// again is the request of an entry, to be sent once more.
func (r *Request) again() (*http.Request, error) {
	again, err := http.NewRequest(r.Method, r.URI, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	again.RequestURI, again.Host, again.Header = r.URI, r.Host, r.Header.Clone()
	again.RemoteAddr = "127.0.0.1:0"
	return again, nil
}

// keepRequest takes what is kept of a request, and its size.
func keepRequest(e httpapi.Exchange) (*Request, int) {
	r := &Request{e, len(e.Body), len(e.Answer)}
	r.Body, r.Answer = keep(e.Body), keep(e.Answer)
	return r, len(r.Body) + len(r.Answer) + len(r.URI) + sizeOf(r.Header) + sizeOf(r.AnswerHeader)
}

// keepInvocation takes what is kept of an invocation, and its size.
func keepInvocation(in lambda.Invocation) (Execution, int) {
	i := Execution{Invocation: in, EventSize: len(in.Event), AnswerSize: len(in.Result.Payload)}
	i.Event, i.Result.Payload = keep(in.Event), keep(in.Result.Payload)
	return i, len(i.Event) + len(i.Result.Payload) + len(i.Result.Log)
}

// keep is a body, or a copy of its beginning, so that the rest can go.
func keep(body []byte) []byte {
	if len(body) <= maxBody {
		return body
	}
	return bytes.Clone(body[:beginning])
}

func sizeOf(h http.Header) (n int) {
	for name, values := range h {
		n += len(name)
		for _, v := range values {
			n += len(v)
		}
	}
	return n
}
