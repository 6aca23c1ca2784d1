package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"skiff/local/inspect"
)

// Limits of feeds: how many may be open, the interval of keep-alives, and
// the time that a client has to read.
const (
	maxFeeds  = 16
	heartbeat = 15 * time.Second
	maxWrite  = 10 * time.Second
)

// feed sends rows of new and changed requests as server-sent events:
// https://html.spec.whatwg.org/multipage/server-sent-events.html.
func (c *Console) feed(w http.ResponseWriter, r *http.Request) {
	select {
	case c.feeds <- struct{}{}:
		defer func() { <-c.feeds }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, fmt.Sprintf("%d pages already receive live updates: close one", maxFeeds), http.StatusServiceUnavailable)
		return
	}
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.FormValue("after")
	}
	after, _ := strconv.ParseUint(text, 10, 64)
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	s := stream{w, http.NewResponseController(w)}
	err := s.send(": open\n\n")
	for err == nil {
		after, err = c.feedOnce(r.Context(), s, after)
	}
}

var errClosing = errors.New("the console is closing")

// feedOnce waits for changes and sends them, or a keep-alive.
func (c *Console) feedOnce(ctx context.Context, s stream, after uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	ended := ctx
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		select {
		case <-c.closing:
			end(errClosing)
		case <-stop:
		}
	}()
	entries, last, err := c.o.Cloud.Changes(ctx, after)
	switch {
	case errors.Is(context.Cause(ctx), errClosing):
		return after, errClosing
	case err != nil && errors.Is(ended.Err(), context.DeadlineExceeded):
		return after, s.send(": still here\n\n")
	case err != nil:
		return after, err
	}
	event, err := c.event(entries, last)
	if err != nil {
		return after, err
	}
	return last, s.send(event)
}

// event formats rows as an event.
func (c *Console) event(entries []*inspect.Entry, last uint64) (string, error) {
	var b strings.Builder
	n := c.names()
	fmt.Fprintf(&b, "event: requests\nid: %d\n", last)
	for _, e := range entries {
		html, err := c.render("row", n.row(e))
		if err != nil {
			return "", err
		}
		// In an event, a carriage return ends a line too.
		for line := range strings.SplitSeq(strings.ReplaceAll(string(html), "\r", " "), "\n") {
			b.WriteString("data: " + line + "\n")
		}
	}
	return b.String() + "\n", nil
}

// stream writes to the client of a feed.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) send(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(maxWrite)) // fails only in tests: httptest's recorder has no deadlines
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
