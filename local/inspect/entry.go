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

// maxBody is the size up to which bodies, events and answers are kept whole. Of
// larger ones the beginning is kept.
const (
	maxBody   = 256 << 10
	beginning = 16 << 10
)

// Entry is a request with its invocations, or an invocation without a request.
// An Entry is immutable: a change makes another Entry with the same id.
type Entry struct {
	ID          string
	Change      uint64 // number of its last change, see Recorder.Changed
	Kind        string // request, or the source of an invocation, such as queue
	Source      string // ARN or name that the invocation came from; route of a request
	Began       time.Time
	Duration    time.Duration
	Request     *Request    // nil for an invocation
	Invocations []Execution // in the order in which they ended

	bytes int
}

// Request is a request and its answer. Its sizes count the whole bodies.
type Request struct {
	httpapi.Exchange
	BodySize, AnswerSize int
}

// Execution is an invocation with the calls that it made. Its sizes count the
// whole event and answer.
type Execution struct {
	lambda.Invocation
	EventSize, AnswerSize int
	Calls                 []Call
}

// Call is a call of a service that a function made, and how many times.
type Call struct {
	iam.Use
	Times int
}

// Failed reports whether the function or its sandbox failed.
func (i Execution) Failed() bool { return i.Err != nil || i.Result.FunctionError != "" }

// Cold reports whether the invocation was a cold start.
func (i Execution) Cold() bool { return i.Init > 0 }

// waits reports whether the entry has invocations whose request is not recorded
// yet.
func (e *Entry) waits() bool { return e.Kind == "request" && e.Request == nil }

// Replayable returns nil if the entry can be replayed, and otherwise the reason
// why not.
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

// again returns the request of an entry, to be sent once more.
func (r *Request) again() (*http.Request, error) {
	again, err := http.NewRequest(r.Method, r.URI, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	again.RequestURI, again.Host, again.Header = r.URI, r.Host, r.Header.Clone()
	again.RemoteAddr = "127.0.0.1:0"
	return again, nil
}

// keepRequest returns the recorded form of a request, and its size.
func keepRequest(e httpapi.Exchange) (*Request, int) {
	r := &Request{e, len(e.Body), len(e.Answer)}
	r.Body, r.Answer = keep(e.Body), keep(e.Answer)
	return r, len(r.Body) + len(r.Answer) + len(r.URI) + sizeOf(r.Header) + sizeOf(r.AnswerHeader)
}

// keepInvocation returns the recorded form of an invocation, and its size.
func keepInvocation(in lambda.Invocation) (Execution, int) {
	i := Execution{Invocation: in, EventSize: len(in.Event), AnswerSize: len(in.Result.Payload)}
	i.Event, i.Result.Payload = keep(in.Event), keep(in.Result.Payload)
	return i, len(i.Event) + len(i.Result.Payload) + len(i.Result.Log)
}

// keep returns a small body as it is, and a copy of the beginning of a large
// one, so that its memory can be freed.
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
