package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"skiff/lambdas/api"
	"skiff/lambdas/authorizer"
	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/sockets"
)

func TestPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faulty = true
	handler := api.Handler(w.api, func(context.Context, *items.API, api.Request) (api.Response, error) {
		var none map[string]int
		none["x"] = 1 //lint:ignore SA5000 the panic is what is tested
		return api.Response{}, nil
	})
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	got, err := handler(ctx, api.Request{})
	if err != nil || w.check("request-1", got).text("code") != "internal" {
		t.Errorf("%v %d %s", err, got.StatusCode, got.Body)
	}
	if log := w.log.String(); !strings.Contains(log, "TestPanicIsAnAnswer") || !strings.Contains(log, `"requestId":"request-1"`) {
		t.Errorf("the log does not name the place: %s", log)
	}
}

// A panic of a worker fails its message, and a panic of the authorizer fails
// its decision. Neither logs a stack trace.
func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectAll("a=")
	n := w.notifier()
	n.Random = nil
	w.wantFailed(w.notify(n, message("item", 1)), 0)
	n.Random = failing{}
	w.wantFailed(w.notify(n, message("item", 1)), 0)
	authorizer := &authorizer.Authorizer{Log: w.api.Log} // without Tokens, so it panics
	if got, err := w.authorizeHTTP(authorizer.Handle, "", "Bearer x"); err == nil {
		t.Errorf("%+v", got)
	}
	clockless := &sockets.Sockets{Log: w.api.Log}
	connect := sockets.Request{}
	connect.RequestContext.RouteKey = "$connect"
	if got, err := clockless.Handle(t.Context(), connect); err != nil || got.StatusCode != 500 {
		t.Errorf("%+v, %v", got, err)
	}
	log := w.log.String()
	for _, want := range []string{"panic of runtime.errorString at io.ReadAtLeast", "none left", "authorizer.(*Authorizer).decide", "sockets.(*Sockets).route"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in %s", want, log)
		}
	}
}

// A panic's text and place are in the log, on one line. A panic value that is
// neither an error nor a string is not in the log, because it may be the
// request.
func TestPanicText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faulty = true
	for name, c := range map[string]struct {
		value     any
		want, not string
	}{
		"a text":         {"no such colour", ": no such colour", "goroutine"},
		"an error":       {errors.New("boom"), ": boom", "goroutine"},
		"a wrapped one":  {fmt.Errorf("open: %w", errors.New("boom")), ": open: boom", "goroutine"},
		"a long text":    {strings.Repeat("x", 3000), "xxxx", strings.Repeat("x", 1000)},
		"a request":      {api.Request{Body: "what a client sent"}, "panic of events.APIGatewayV2HTTPRequest at", "what a client sent"},
		"bytes":          {[]byte("what a client sent"), "panic of []uint8 at", "what a client sent"},
		"a broken error": {(*broken)(nil), "panic of *contract.broken at", "goroutine"},
	} {
		handler := api.Handler(w.api, func(context.Context, *items.API, api.Request) (api.Response, error) { panic(c.value) })
		request := api.Request{Body: "what a client sent"}
		request.RequestContext.RequestID = name
		got, err := handler(t.Context(), request)
		if err != nil || got.StatusCode != 500 || strings.Contains(got.Body, "boom") || strings.Contains(got.Body, "colour") {
			t.Errorf("%s: %v %d %s", name, err, got.StatusCode, got.Body)
		}
		log := w.log.String()
		line := log[strings.LastIndex(log, `"msg":"request failed"`):]
		if !strings.Contains(line, c.want) || strings.Contains(line, c.not) || !strings.Contains(line, "TestPanicText") {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// broken is an error whose Error method panics.
type broken struct{ text string }

func (b *broken) Error() string { return b.text }

// If a handler needs a secret that has no value, the client gets a 503 with
// Retry-After. The log says how to set the value.
func TestSecretWithoutValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faulty = true
	handler := api.Handler(w.api, func(context.Context, *items.API, api.Request) (api.Response, error) {
		return api.Response{}, fmt.Errorf("mail: %w", &function.Unusable{Name: "secret staging-mail", Reason: "has no value", Remedy: "go run ./infra/key staging-mail"})
	})
	got, err := handler(t.Context(), api.Request{})
	if err != nil || got.StatusCode != 503 || got.Headers["Retry-After"] != "60" || !strings.Contains(got.Body, `"code":"unavailable"`) || strings.Contains(got.Body, "mail") {
		t.Errorf("%v %d %s %v", err, got.StatusCode, got.Body, got.Headers)
	}
	if log := w.log.String(); !strings.Contains(log, "go run ./infra/key staging-mail") {
		t.Errorf("the log does not say what to do: %s", log)
	}
}

func TestRandomnessFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(widget)
	w.faulty = true
	broken := w.process(patience)
	broken.Random = failing{}
	for _, got := range []answer{
		w.sendTo(broken, "POST", "/items", jsonBody, widget),
		w.sendTo(broken, "PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget),
	} {
		if got.StatusCode != 500 {
			t.Errorf("%d %s", got.StatusCode, got.Body)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("none left") }

func TestRequestLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("GET", "/items/bad!", nil, "")
	var line map[string]any
	if err := json.Unmarshal([]byte(w.log.String()), &line); err != nil {
		t.Fatalf("%v: %s", err, w.log.String())
	}
	for name, want := range map[string]any{
		"level": "INFO", "msg": "request", "requestId": "request-1", "method": "GET", "route": "GET /items/{id}",
		"status": 400.0, "durationMs": 0.0, "code": "invalid_id",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
}
