package inspect

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"skiff/local/aws/lambda"
)

// Requests returns the recorded requests and invocations, newest first.
func (i *Inspector) Requests() []*Entry { return i.o.Recorder.Entries() }

// Request returns an entry; ok is false if it was never recorded or is dropped.
func (i *Inspector) Request(id string) (e *Entry, ok bool) { return i.o.Recorder.Entry(id) }

// Changes waits for entries that change after the given change: see
// Recorder.Changed.
func (i *Inspector) Changes(ctx context.Context, after uint64) ([]*Entry, uint64, error) {
	return i.o.Recorder.Changed(ctx, after)
}

// Replay sends a request through the gateway again, or invokes a function with
// the same event. It returns the id of the new entry.
func (i *Inspector) Replay(ctx context.Context, id string) (string, error) {
	e, ok := i.Request(id)
	if !ok {
		return "", fmt.Errorf("request %s is no longer kept: only the latest %d requests are", id, maxEntries)
	}
	if err := e.Replayable(); err != nil {
		return "", fmt.Errorf("request %s cannot be sent again: %w", id, err)
	}
	if e.Request == nil {
		return i.runAgain(ctx, e)
	}
	again, err := e.Request.again()
	if err != nil {
		return "", fmt.Errorf("request %s cannot be sent again: %w", id, err)
	}
	w := &discarded{header: http.Header{}}
	i.o.Gateway().ServeHTTP(w, again.WithContext(ctx))
	return w.header.Get("Apigw-Requestid"), nil
}

func (i *Inspector) runAgain(ctx context.Context, e *Entry) (string, error) {
	was := e.Invocations[0]
	ctx = lambda.WithOrigin(ctx, lambda.Origin{Kind: "replay", Source: e.Source})
	result, err := i.Invoke(ctx, was.ARN, bytes.Clone(was.Event))
	if err != nil {
		return "", err
	}
	return result.RequestID, nil
}

// discarded drops the gateway's answer, because the recorder keeps it.
type discarded struct{ header http.Header }

func (d *discarded) Header() http.Header            { return d.header }
func (d *discarded) WriteHeader(int)                {}
func (d *discarded) Write(data []byte) (int, error) { return len(data), nil }
