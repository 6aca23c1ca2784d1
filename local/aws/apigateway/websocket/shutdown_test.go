package websocket

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"skiff/local/aws/lambda"
)

func TestNoServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.shutdown(t)
	if res := f.refused(t, ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d after the end, want 503", res.StatusCode)
	}
	f.quiet(t)
}

// TestShutdownWhileConnecting has a client whose $connect runs during a
// shutdown: it is refused, and its $disconnect runs.
func TestShutdownWhileConnecting(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	goOn := make(chan struct{})
	f.do("$connect", func(invocation) (lambda.Result, error) {
		<-goOn
		return lambda.Result{Payload: []byte(`{"statusCode":200}`)}, nil
	})
	refused := make(chan int, 1)
	go func() {
		_, res, err := websocket.Dial(t.Context(), f.url, nil)
		if err == nil || res == nil {
			t.Errorf("dial: %v", err)
			refused <- 0
			return
		}
		refused <- res.StatusCode
	}()
	f.next(t, "$connect")
	over := make(chan error, 1)
	go func() { over <- f.gateway.Shutdown(t.Context()) }()
	for f.gateway.enter() {
		f.gateway.running.Done()
	}
	close(goOn)
	if err := <-over; err != nil {
		t.Error(err)
	}
	if status := <-refused; status != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", status)
	}
	f.left(t)
}

// TestShutdownOutOfTime does not wait for a function that never ends.
func TestShutdownOutOfTime(t *testing.T) {
	t.Parallel()
	given := make(chan error, 1)
	f := newFixture(t, func(o *Options) {
		invoke := o.Invoke
		o.Invoke = func(ctx context.Context, function, source string, payload []byte) (lambda.Result, error) {
			result, err := invoke(ctx, function, source, payload)
			if function == "say" {
				<-ctx.Done()
				given <- ctx.Err()
			}
			return result, err
		}
	})
	c, _ := f.connect(t)
	write(t, c, `{"action":"say"}`)
	f.next(t, "say")
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.gateway.Shutdown(late); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("function: %v", err)
	}
}
