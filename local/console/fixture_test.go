package console

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/sqs"
	"skiff/local/inspect"
)

const (
	gatewayURL = "http://127.0.0.1:8080"
	script     = `<script>alert(1)</script>`
	secret     = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
	of         = "arn:aws:lambda:eu-central-1:000000000000:function:"
	tableARN   = "arn:aws:dynamodb:eu-central-1:000000000000:table/skiff-local-items"
	queueARN   = "arn:aws:sqs:eu-central-1:000000000000:skiff-local-events"
)

// fake is a cloud with one of each resource, whose texts all contain a script.
type fake struct {
	*inspect.Recorder
	did []string
}

func newFake() *fake {
	f := &fake{Recorder: inspect.NewRecorder()}
	event := `{"version":"2.0","rawQueryString":"token=` + secret + `&x=1","headers":{"authorization":"Bearer ` + secret + `","cookie":"id=1"},"cookies":["sid=abc"],"n":12345678901234567890,"body":"` + `<script>"}`
	f.Call("t1", iam.Use{Role: "create", Action: "dynamodb:PutItem", Resource: tableARN, Allowed: true})
	f.Call("t1", iam.Use{Role: "create", Action: "sqs:SendMessage", Resource: queueARN + script, Allowed: false})
	f.Invocation(lambda.Invocation{
		ID: "i1", Trace: "t1", Function: "skiff-local-create" + script, ARN: of + "create", Origin: lambda.Origin{Kind: "request", ID: "r1="},
		Event: []byte(event), Began: time.Now(), Duration: 3 * time.Millisecond, Init: 120 * time.Millisecond,
		Result: lambda.Result{Payload: []byte(`{"statusCode":201,"body":"` + secret + `"}`), Log: []byte("START RequestId: i1\nhe came with " + secret + script + "\n")},
	})
	f.Exchange(httpapi.Exchange{
		ID: "r1=", Method: "POST", URI: "/items?token=" + secret + "&q=" + script, Host: "127.0.0.1:8080", Route: "POST /items", Status: 201, Began: time.Now(),
		Duration: 130 * time.Millisecond, Body: []byte(script), Authorizer: "function",
		Header:       http.Header{"Authorization": {"Bearer " + secret}, "Cookie": {"sid=hidden-cookie"}, "X-Script": {script}},
		AnswerHeader: http.Header{"Set-Cookie": {"sid=hidden-cookie"}}, Answer: []byte(`{"name":"` + script + `"}`),
	})
	f.Invocation(lambda.Invocation{
		ID: "i2", Function: "skiff-local-notify", ARN: of + "notify", Origin: lambda.Origin{Kind: "queue", Source: queueARN}, Event: []byte("{}"),
		Began: time.Now(), Result: lambda.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"` + script + `"}`)},
	})
	return f
}

func (f *fake) Requests() []*inspect.Entry               { return f.Entries() }
func (f *fake) Request(id string) (*inspect.Entry, bool) { return f.Entry(id) }
func (f *fake) Changes(ctx context.Context, after uint64) ([]*inspect.Entry, uint64, error) {
	return f.Changed(ctx, after)
}

func (f *fake) Functions() ([]inspect.Function, error) {
	return []inspect.Function{{Ref: inspect.Ref{Name: "skiff-local-create", Logical: "create" + script, ARN: of + "create"}, MemoryMB: 128, TimeoutSeconds: 10}}, nil
}

func (f *fake) Picture() (inspect.Picture, error) {
	return inspect.Picture{
		Nodes: []inspect.Node{
			{ID: "route POST /items", Kind: "route", Name: "POST /items"}, {ID: "schedule x", Kind: "schedule", Name: script},
			{ID: of + "create", Kind: "function", Name: script}, {ID: of + "notify", Kind: "function", Name: "notify"},
			{ID: tableARN, Kind: "table", Name: script}, {ID: queueARN, Kind: "queue", Name: "events"},
		},
		Edges: []inspect.Edge{
			{From: "route POST /items", To: of + "create", Kind: "calls"}, {From: of + "create", To: tableARN, Kind: "may", Actions: []string{"dynamodb:PutItem"}},
			{From: of + "create", To: queueARN, Kind: "may"}, {From: queueARN, To: of + "notify", Kind: "calls"},
		},
	}, nil
}

func (f *fake) Replay(_ context.Context, id string) (string, error) {
	f.did = append(f.did, "replay "+id)
	return id, nil
}

func (f *fake) Tables(context.Context) ([]inspect.Table, error) {
	return []inspect.Table{{Ref: inspect.Ref{Name: "items", Logical: script}, HashKey: "id", Items: 1}}, nil
}

func (f *fake) Items(_ context.Context, table string, page inspect.Page) (inspect.ItemPage, error) {
	if table != "items" {
		return inspect.ItemPage{}, &inspect.NameError{}
	}
	return inspect.ItemPage{
		Table: inspect.Ref{Name: "items", Logical: script}, Keys: []string{"id"}, Next: `"><script>`,
		Items: []inspect.Item{{Plain: map[string]any{"id": script, "n": 1.5}}},
	}, nil
}

func (f *fake) Queues() ([]inspect.Queue, error) {
	return []inspect.Queue{{Ref: inspect.Ref{Name: "dead", Logical: script, ARN: "dead"}, Waiting: 1, Sources: []string{script}}}, nil
}

func (f *fake) Messages(queue string, limit int) (inspect.MessagePage, error) {
	return inspect.MessagePage{Queue: inspect.Ref{Name: "dead", ARN: "dead"}, Total: 1, Messages: []inspect.Message{{
		Letter: sqs.Letter{ID: "m", Body: script + secret, Attributes: map[string]string{"name": script, "Authorization": "Bearer hidden-bearer"}, Sent: time.Now()}, Queue: script,
	}}}, nil
}

func (f *fake) Redrive(_ context.Context, dead string) (inspect.Redriven, error) {
	f.did = append(f.did, "redrive "+dead)
	if dead != "dead" {
		return inspect.Redriven{}, errors.New("it has no dead letters " + script)
	}
	return inspect.Redriven{Queue: "dead", Moved: map[string]int{"a": 2, "b": 1}, Stayed: 1}, nil
}

func (f *fake) Connections() []websocket.Client {
	return []websocket.Client{{ID: "c=", Stage: "live", UserAgent: script, Authorizer: map[string]string{"principalId": script, "token": "hidden-token"}}}
}

func (f *fake) Schedules() ([]inspect.Schedule, error) {
	return []inspect.Schedule{{Ref: inspect.Ref{Name: "nightly", Logical: script}, Expression: script}}, nil
}

func (f *fake) RunSchedule(_ context.Context, name string) (inspect.Invocation, error) {
	f.did = append(f.did, "run "+name)
	return inspect.Invocation{RequestID: "i2"}, nil
}

func (f *fake) Roles() ([]inspect.Role, error) {
	return []inspect.Role{{Ref: inspect.Ref{Name: script}, Holdings: []iam.Holding{{Role: script, Action: script, Resource: script, Used: true}}}}, nil
}

func (f *fake) Denied() (map[string][]iam.Use, error) {
	return map[string][]iam.Use{script: {{Role: script, Action: script, Resource: script}}}, nil
}

func newConsole(t *testing.T) (*Console, *fake) {
	t.Helper()
	f := newFake()
	c, err := New(Options{Cloud: f, Stack: "skiff/" + script, URL: gatewayURL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, f
}

// ask sends a request; headers alternates names and values.
func ask(c *Console, method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, gatewayURL+path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}
