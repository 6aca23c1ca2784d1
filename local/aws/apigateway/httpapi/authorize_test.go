package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/lambda"
)

const (
	askARN    = "arn:aws:lambda:eu-west-1:111111111111:function:authorize"
	askSource = "arn:aws:execute-api:eu-west-1:111111111111:abc123/authorizers/auth1"
)

// asking returns a Lambda authorizer that uses the header Authorization.
func asking(simple bool, ttl time.Duration) *Authorizer {
	return &Authorizer{
		ID: "auth1", IdentitySources: []string{"$request.header.Authorization"},
		Function: &AuthorizerFunction{ARN: askARN, SourceARN: askSource, SimpleResponse: simple, TTL: ttl},
	}
}

// guardedStage returns a testStage with an authorizer on each route.
func guardedStage(a *Authorizer, keys ...string) Stage {
	s := testStage(keys...)
	for i := range s.Routes {
		s.Routes[i].Authorizer = a
	}
	return s
}

// A guard answers for the authorizer's function. The guarded function answers
// 200.
type guard struct {
	mu     sync.Mutex
	answer lambda.Result
	err    error
	limits []time.Duration
}

func (g *guard) say(payload string) { g.set(lambda.Result{Payload: []byte(payload)}, nil) }

func (g *guard) set(answer lambda.Result, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer, g.err = answer, err
}

func (g *guard) reply(ctx context.Context, payload []byte) (lambda.Result, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !strings.Contains(string(payload), `"type":"REQUEST"`) {
		return lambda.Result{Payload: []byte(`{"statusCode":200,"body":"in"}`)}, nil
	}
	end, _ := ctx.Deadline()
	g.limits = append(g.limits, time.Until(end))
	return g.answer, g.err
}

// functions returns the called functions, in order.
func (f *fixture) functions() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, c := range f.calls {
		names = append(names, c.function[strings.LastIndex(c.function, ":")+1:])
	}
	return strings.Join(names, " ")
}

func TestSimpleResponse(t *testing.T) {
	t.Parallel()
	var g guard
	f := newFixture(t, guardedStage(asking(true, 0), "GET /items/{id}"), g.reply)
	call := func() reply { return f.get(t, "GET", "/items/1", "Authorization: key") }

	g.say(`{"isAuthorized":true,"context":{"tenant":"acme","n":1.50,"list":["a"]}}`)
	if got := call(); got.status != 200 || f.functions() != "authorize f" {
		t.Fatalf("%+v of %s", got, f.functions())
	}
	f.mu.Lock()
	if source := f.calls[0].source; source != askSource {
		t.Errorf("the authorizer is called for %s", source)
	}
	f.mu.Unlock()
	// The context is unchanged; a number keeps its digits.
	if payload := string(f.last(t).payload); !strings.Contains(payload, `"authorizer":{"lambda":{"tenant":"acme","n":1.50,"list":["a"]}}`) {
		t.Errorf("event %s", payload)
	}

	g.say(`{"isAuthorized":true}`)
	if call(); !strings.Contains(string(f.last(t).payload), `"authorizer":{"lambda":null}`) {
		t.Errorf("event without a context: %s", f.last(t).payload)
	}
	g.say(`{"isAuthorized":false,"context":{"why":"expired"}}`)
	wantMessage(t, call(), 403, "Forbidden")
	if f.functions() != "authorize f authorize f authorize" {
		t.Errorf("called %s", f.functions())
	}
}

func TestOpenRoute(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("GET /"), answering(`{}`))
	f.get(t, "GET", "/")
	if payload := string(f.last(t).payload); strings.Contains(payload, "authorizer") {
		t.Errorf("event %s", payload)
	}
}

// TestMissingIdentity checks that the function is not called if an identity
// source is missing.
func TestMissingIdentity(t *testing.T) {
	t.Parallel()
	a := asking(true, time.Minute)
	a.IdentitySources = []string{"$request.header.x-Key", "$request.querystring.Tenant", "$stageVariables.who", "$context.routeKey"}
	stage := guardedStage(a, "GET /")
	stage.Variables = map[string]string{"who": "me"}
	var g guard
	g.say(`{"isAuthorized":true}`)
	f := newFixture(t, stage, g.reply)
	for _, request := range [][]string{
		{"/?Tenant=a"},
		{"/?Tenant=a", "X-Key:"},
		{"/", "X-Key: k"},
		{"/?tenant=a", "X-Key: k"}, // the case of a query parameter's name matters
		{"/?Tenant=", "X-Key: k"},
	} {
		wantMessage(t, f.get(t, "GET", request[0], request[1:]...), 401, "Unauthorized")
	}
	if f.called() != 0 {
		t.Errorf("called %s", f.functions())
	}
	if got := f.get(t, "GET", "/?Tenant=a%20b&Tenant=c", "x-kEY: k"); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	var sent authorizerEvent
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := json.Unmarshal(f.calls[0].payload, &sent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"k", "a b,c", "me", "GET /"}, sent.IdentitySource); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
}

// TestAuthorizerEvent compares the event's members with the documented example.
// It also decodes the event into aws-lambda-go's types.
func TestAuthorizerEvent(t *testing.T) {
	t.Parallel()
	stage := guardedStage(asking(true, 0), "ANY /items/{id}")
	stage.Name, stage.Variables = "prod", map[string]string{"a": "b"}
	var g guard
	g.say(`{"isAuthorized":true}`)
	f := newFixture(t, stage, g.reply)
	// The event of an authorizer has no body.
	request := head("DELETE", "/prod/items/a%20b?c=d", "Authorization: key", "Cookie: x=1; y=2", "Content-Type: text/plain", "Content-Length: 2") + "\r\nhi"
	if got := f.raw(t, request); got.status != 200 || f.last(t).event.Body != "hi" {
		t.Fatalf("%+v", got)
	}
	var sample, sent map[string]any
	load(t, "apigw-v2-custom-authorizer-v2-request.json", &sample)
	delete(sample["requestContext"].(map[string]any), "authentication") // of mutual TLS
	f.mu.Lock()
	payload := f.calls[0].payload
	trace := [2]string{f.calls[0].event.Headers["x-amzn-trace-id"], f.calls[1].event.Headers["x-amzn-trace-id"]}
	f.mu.Unlock()
	if err := json.Unmarshal(payload, &sent); err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"", "requestContext", "requestContext http"} {
		want, got := sample, sent
		for name := range strings.FieldsSeq(member) {
			want, got = want[name].(map[string]any), got[name].(map[string]any)
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("members of %q (-sample +got):\n%s", member, diff)
		}
	}
	var e events.APIGatewayV2CustomAuthorizerV2Request
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	if e.Version != "2.0" || e.Type != "REQUEST" || e.RouteArn != "arn:aws:execute-api:eu-west-1:111111111111:abc123/prod/DELETE/items/a b" ||
		e.RouteKey != "ANY /items/{id}" || e.RawPath != "/prod/items/a b" || e.PathParameters["id"] != "a b" || len(e.Cookies) != 2 || e.Headers["authorization"] != "key" {
		t.Errorf("event %s", payload)
	}
	if trace[0] == "" || trace[0] != trace[1] {
		t.Errorf("traces %q", trace)
	}
}

func TestAuthorizerTime(t *testing.T) {
	t.Parallel()
	var g guard
	g.say(`{"isAuthorized":true}`)
	f := newFixture(t, guardedStage(asking(true, 0), "GET /"), g.reply)
	f.get(t, "GET", "/", "Authorization: key")
	if limit := g.limits[0]; limit > 10*time.Second || limit < 5*time.Second {
		t.Errorf("an authorizer has %s", limit)
	}
}

func TestAuthorizerOfNoKind(t *testing.T) {
	t.Parallel()
	f := newFixture(t, guardedStage(&Authorizer{ID: "x"}, "GET /"), answering(`{}`))
	wantMessage(t, f.get(t, "GET", "/"), 500, "Internal Server Error")
}

// TestAuthorizerInLog checks the authorizer's variables in an access log.
func TestAuthorizerInLog(t *testing.T) {
	t.Parallel()
	var g guard
	stage := guardedStage(asking(true, 0), "GET /")
	stage.AccessLog = &AccessLog{Group: "g", Format: "$context.requestId $context.status $context.authorizer.tenant|$context.authorizer.n|$context.authorizer.list|$context.authorizer.error|$context.error.responseType"}
	f := newFixture(t, stage, g.reply)
	g.say(`{"isAuthorized":true,"context":{"tenant":"a\"b\n","n":1.50,"list":["<x>"]}}`)
	f.get(t, "GET", "/", "Authorization: key")
	g.say(`{"isAuthorized":"no"}`)
	f.get(t, "GET", "/", "Authorization: key")
	f.get(t, "GET", "/")
	g.set(lambda.Result{}, errors.New("no permission"))
	f.get(t, "GET", "/", "Authorization: key")
	want := []string{
		`200 a\"b\n|1.50|[\"<x>\"]|-|-`,
		`500 -|-|-|authorizer auth1: isAuthorized: json: cannot unmarshal string into Go value of type bool|DEFAULT_5XX`,
		`401 -|-|-|the request lacks the identity source $request.header.Authorization|UNAUTHORIZED`,
		`500 -|-|-|authorizer auth1: no permission|DEFAULT_5XX`,
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, line := range f.lines {
		if _, rest, _ := strings.Cut(line, "= "); rest != want[i] {
			t.Errorf("line %d is %q, want %q", i, rest, want[i])
		}
	}
	if len(f.lines) != len(want) {
		t.Errorf("%d lines", len(f.lines))
	}
}
