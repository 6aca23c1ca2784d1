package websocket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/coder/websocket"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
	prefix  = "/_apis/a1b2c3d4e5/prod"
)

// patience limits how long a test waits; only a failing test waits that long.
const patience = time.Minute

// An invocation is one call of a function.
type invocation struct {
	function, source string
	payload          []byte
	event            events.APIGatewayWebsocketProxyRequest
}

// A fixture is a gateway with a stage whose functions answer as answers says.
type fixture struct {
	gateway *Gateway
	url     string

	// For a fixture in a synctest bubble: its dialer, a function's client, and
	// the id of the connected client.
	http  *http.Client
	posts *apigatewaymanagementapi.Client
	id    string

	logged chan error
	called chan invocation

	mu      sync.Mutex
	stage   *Stage                                             // nil: deleted
	answers map[string]func(invocation) (lambda.Result, error) // by function; 200 without one
}

// newFixture serves a stage whose routes have functions of the same names.
func newFixture(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	f := newGateway(t, change)
	server := httptest.NewServer(f.gateway)
	t.Cleanup(server.Close)
	t.Cleanup(func() { f.shutdown(t) })
	f.url = server.URL + prefix
	return f
}

func newGateway(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	f := &fixture{
		logged: make(chan error, 100), called: make(chan invocation, 100),
		answers: map[string]func(invocation) (lambda.Result, error){},
		stage: &Stage{
			APIID: "a1b2c3d4e5", AccountID: account, Region: region, Name: "prod",
			SelectionExpression: "$request.body.action", Routes: map[string]Route{},
		},
	}
	for _, key := range []string{"$connect", "$disconnect", "$default", "say"} {
		f.stage.Routes[key] = Route{Key: key, FunctionARN: key}
	}
	o := Options{
		Find: f.find, Invoke: f.invoke,
		Log: func(_ string, err error) { f.logged <- err },
	}
	if change != nil {
		change(&o)
	}
	f.gateway = New(o)
	return f
}

func (f *fixture) shutdown(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := f.gateway.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func (f *fixture) find(r *http.Request) (Target, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if !ok || f.stage == nil {
		return Target{}, errors.New("no stage")
	}
	return Target{*f.stage, rest}, nil
}

func (f *fixture) invoke(_ context.Context, function, source string, payload []byte) (lambda.Result, error) {
	i := invocation{function: function, source: source, payload: payload}
	d := json.NewDecoder(bytes.NewReader(payload))
	if function != "authorizer" { // the authorizer's event has other members
		d.DisallowUnknownFields()
	}
	if err := d.Decode(&i.event); err != nil {
		return lambda.Result{}, err
	}
	f.called <- i
	f.mu.Lock()
	answer := f.answers[function]
	f.mu.Unlock()
	if answer == nil {
		return lambda.Result{Payload: []byte(`{"statusCode":200,"headers":null,"multiValueHeaders":null,"body":""}`)}, nil
	}
	return answer(i)
}

// answer sets the payload that a function answers from now on.
func (f *fixture) answer(function, payload string) {
	f.do(function, func(invocation) (lambda.Result, error) { return lambda.Result{Payload: []byte(payload)}, nil })
}

// fail sets the error that a function returns from now on.
func (f *fixture) fail(function, message string) {
	f.do(function, func(invocation) (lambda.Result, error) {
		payload, err := json.Marshal(map[string]string{"errorMessage": message, "errorType": "errorString"})
		return lambda.Result{Payload: payload, FunctionError: "Unhandled"}, err
	})
}

func (f *fixture) do(function string, answer func(invocation) (lambda.Result, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[function] = answer
}

// change changes the deployed stage.
func (f *fixture) change(change func(*Stage)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	routes := map[string]Route{}
	for key, r := range f.stage.Routes {
		routes[key] = r
	}
	s := *f.stage
	s.Routes = routes
	change(&s)
	f.stage = &s
}

// guard adds an authorizer to $connect.
func (f *fixture) guard(sources ...string) {
	f.change(func(s *Stage) {
		r := s.Routes["$connect"]
		r.Authorizer = &Authorizer{ID: "auth01", FunctionARN: "authorizer", IdentitySources: sources}
		s.Routes["$connect"] = r
	})
}

// connect connects a client, and removes its $connect from the calls.
func (f *fixture) connect(t *testing.T) (*websocket.Conn, invocation) {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), f.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(-1)
	return c, f.next(t, "$connect")
}

// refused tries to connect a client and returns the refusal.
func (f *fixture) refused(t *testing.T, query string) *http.Response {
	t.Helper()
	c, res, err := websocket.Dial(t.Context(), f.url+query, nil)
	if err == nil {
		c.CloseNow()
		t.Fatal("the client is connected")
	}
	if res == nil {
		t.Fatal(err)
	}
	return res
}

// next returns the next call, which must be of this function.
func (f *fixture) next(t *testing.T, function string) invocation {
	t.Helper()
	select {
	case i := <-f.called:
		if i.function != function {
			t.Fatalf("function %s is called, want %s", i.function, function)
		}
		return i
	case <-time.After(patience):
		t.Fatalf("function %s is not called; %d lines are logged", function, len(f.logged))
	}
	panic("unreachable")
}

// log returns the next line of the log.
func (f *fixture) log(t *testing.T) error {
	t.Helper()
	select {
	case err := <-f.logged:
		return err
	case <-time.After(patience):
		t.Fatal("nothing is logged")
	}
	panic("unreachable")
}

// quiet fails if a function was called that the test has not read with next.
func (f *fixture) quiet(t *testing.T) {
	t.Helper()
	select {
	case i := <-f.called:
		t.Errorf("function %s is called too: %s", i.function, i.payload)
	default:
	}
}

func write(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	kind, data, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if kind != websocket.MessageText {
		t.Errorf("message of type %v", kind)
	}
	return string(data)
}

// closed reads until the gateway closes the connection.
func closed(t *testing.T, c *websocket.Conn) websocket.CloseError {
	t.Helper()
	_, data, err := c.Read(t.Context())
	end, ok := errors.AsType[websocket.CloseError](err)
	if !ok {
		t.Fatalf("message %s, %v; want a close frame", data, err)
	}
	return end
}

// left removes the $disconnect from the calls and returns its code and reason.
func (f *fixture) left(t *testing.T) (int64, string) {
	t.Helper()
	c := f.next(t, "$disconnect").event.RequestContext
	if c.DisconnectReason == nil {
		t.Fatal("there is no reason")
	}
	return c.DisconnectStatusCode, *c.DisconnectReason
}

// newAuthority returns an authority with the role r and a policy.
func newAuthority(t *testing.T, policy string, record func(iam.Use)) (*iam.Authority, iam.Credentials) {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	put(t, db, iam.RoleToken, "r", iam.Role{Name: "r"})
	if policy != "" {
		put(t, db, iam.RolePolicyToken, "r:p", iam.RolePolicy{Name: "p", Role: "r", Policy: policy})
	}
	a := iam.NewAuthority(db, record)
	return a, a.Issue("arn:aws:iam::"+account+":role/r", "notify")
}

func put[In any](t *testing.T, db *store.Store, token, id string, in In) {
	t.Helper()
	if err := store.Put(db, token, id, store.Record[In]{ID: id, Account: account, Region: region, Inputs: in}); err != nil {
		t.Fatal(err)
	}
}
