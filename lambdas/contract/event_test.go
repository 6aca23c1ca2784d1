package contract

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/api"
	"skiff/lambdas/api/health"
	"skiff/lambdas/items"
	"skiff/lambdas/items/create"
	"skiff/lambdas/items/get"
	"skiff/lambdas/items/list"
	"skiff/lambdas/items/remove"
	"skiff/lambdas/items/update"
)

// headers are the headers of a request. Their names are in lower case, as API
// Gateway sends them.
type headers map[string]string

var jsonBody = headers{"content-type": "application/json"}

func with(h headers, name, value string) headers {
	both := headers{name: value}
	for n, v := range h {
		if n != name {
			both[n] = v
		}
	}
	return both
}

// send builds API Gateway's event for a request and passes it to the route's
// handler.
func (w *world) send(method, path string, h headers, body string) answer {
	w.t.Helper()
	return w.sendTo(w.api, method, path, h, body)
}

func (w *world) sendTo(to *items.API, method, path string, h headers, body string) answer {
	w.t.Helper()
	return w.sendAs(nil, to, method, path, h, body)
}

// caller is the event's description of the caller; nil for a public route.
type caller = events.APIGatewayV2HTTPRequestContextAuthorizerDescription

// sendAs is sendTo with a caller.
func (w *world) sendAs(who *caller, to *items.API, method, path string, h headers, body string) answer {
	w.t.Helper()
	w.mutex.Lock()
	w.now = w.now.Add(time.Millisecond)
	w.sent++
	requestID := fmt.Sprintf("request-%d", w.sent)
	w.mutex.Unlock()
	event, route := eventOf(w.t, method, path, h, body)
	event.RequestContext.RequestID, event.RequestContext.Authorizer = requestID, who
	ctx := context.Background() // the test's own context has ended when cleanups run
	if w.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	response, err := api.Handler(to, route)(ctx, event)
	if err != nil {
		w.t.Fatalf("%s %s: the handler failed: %v", method, path, err)
	}
	if ctx.Err() != nil {
		w.t.Errorf("%s %s: answered after the deadline", method, path)
	}
	return w.check(requestID, response)
}

// eventOf returns the event and the route of a request, in payload format 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func eventOf(t *testing.T, method, path string, h headers, body string) (api.Request, api.Route[*items.API]) {
	t.Helper()
	encoded, query, _ := strings.Cut(path, "?")
	raw, err := url.PathUnescape(encoded)
	if err != nil {
		t.Fatal(err)
	}
	event := api.Request{Version: "2.0", RawPath: raw, RawQueryString: query, Headers: h, Body: body}
	event.RequestContext.HTTP.Method = method
	if values, err := url.ParseQuery(query); err == nil && query != "" {
		event.QueryStringParameters = map[string]string{}
		for name, all := range values {
			event.QueryStringParameters[name] = strings.Join(all, ",")
		}
	}
	if !utf8.ValidString(body) || strings.Contains(h["content-type"], "octet-stream") {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(body)), true
	}
	routes := map[string]api.Route[*items.API]{
		"POST /items": create.Handle, "GET /items": list.Handle, "GET /health": healthy,
		"GET /items/{id}": get.Handle, "PUT /items/{id}": update.Handle, "DELETE /items/{id}": remove.Handle,
	}
	event.RouteKey = method + " " + encoded
	if _, segment, found := strings.Cut(encoded, "/items/"); found {
		id, err := url.PathUnescape(segment)
		if err != nil {
			t.Fatal(err)
		}
		event.RouteKey = method + " /items/{id}"
		event.PathParameters = map[string]string{"id": id}
	}
	route, found := routes[event.RouteKey]
	if !found {
		t.Fatalf("no route %s", event.RouteKey)
	}
	return event, route
}

// healthy is health.Handle as a route of items.
func healthy(ctx context.Context, a *items.API, r api.Request) (api.Response, error) {
	return health.Handle(ctx, &a.API, r)
}

// create creates an item and returns its id.
func (w *world) create(body string) string {
	w.t.Helper()
	got := w.send("POST", "/items", jsonBody, body)
	if got.StatusCode != 201 {
		w.t.Fatalf("create: %d %s", got.StatusCode, got.Body)
	}
	return got.text("id")
}
