package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"skiff/lambdas/api"
	"skiff/lambdas/api/body"
	"skiff/lambdas/api/health"
	"skiff/lambdas/function"
)

// Orders is a second domain, such as a team would add.
type Orders struct {
	api.API
	stored map[string]Order
}

// Order is what a client orders.
type Order struct {
	Article string `json:"article"`
	Count   int32  `json:"count"`
	Express bool   `json:"express,omitzero"`
}

var (
	errAbsent = errors.New("no such row")
	errStock  = errors.New("not in stock")
)

// Problem returns the problems for the errors of orders.
func (*Orders) Problem(err error) *api.Problem {
	switch {
	case errors.Is(err, errAbsent):
		return api.Absent("order")
	case errors.Is(err, errStock):
		return &api.Problem{Code: "out_of_stock", Status: http.StatusConflict, Detail: "the article is not in stock", RetryAfter: time.Hour}
	}
	return nil
}

// WithShelf is a part that reads the variable SHELF.
func WithShelf(o *Orders, e function.Environment) error {
	shelf, err := e.Setting("SHELF")
	o.stored = map[string]Order{shelf: {Article: "<pen> & paper", Count: 1}}
	return err
}

func show(_ context.Context, o *Orders, r api.Request) (api.Response, error) {
	id, err := api.ID(r.PathParameters["order"])
	if err != nil {
		return api.Response{}, err
	}
	order, found := o.stored[id]
	if !found {
		return api.Response{}, fmt.Errorf("order: %w", errAbsent)
	}
	return api.RespondJSON(http.StatusOK, order)
}

func place(_ context.Context, _ *Orders, r api.Request) (api.Response, error) {
	order, err := body.Decode[Order](r, "an order")
	switch {
	case err != nil:
		return api.Response{}, err
	case order.Count > 9:
		return api.Response{}, errStock
	}
	return api.RespondJSON(http.StatusCreated, order)
}

func environment(t *testing.T, variables map[string]string) (function.Environment, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	e, err := function.New(func(name string) string { return variables[name] }, &log)
	if err != nil {
		t.Fatal(err)
	}
	return e, &log
}

func newOrders(t *testing.T) (*Orders, *bytes.Buffer) {
	t.Helper()
	e, log := environment(t, map[string]string{"SHELF": "a"})
	o, err := api.New(e, WithShelf)
	if err != nil {
		t.Fatal(err)
	}
	return o, log
}

// Routes of a second domain answer with its own problems and codes.
func TestSecondDomain(t *testing.T) {
	t.Parallel()
	const problem = `{"type":"about:blank","title":%q,"status":%d,"detail":%q,"code":%q,"requestId":"r-1"}`
	o, log := newOrders(t)
	for name, c := range map[string]struct {
		route    api.Route[*Orders]
		id, body string
		status   int
		want     string
	}{
		"an order":      {show, "a", "", 200, `{"article":"<pen> & paper","count":1}`},
		"another id":    {show, "b", "", 404, fmt.Sprintf(problem, "Not Found", 404, "there is no such order", "not_found")},
		"no id":         {show, "b#1", "", 400, fmt.Sprintf(problem, "Bad Request", 400, "an id is 1 to 64 of A-Z a-z 0-9 _ -", "invalid_id")},
		"placed":        {place, "", `{"article":"ink","count":2}`, 201, `{"article":"ink","count":2}`},
		"not in stock":  {place, "", `{"article":"ink","count":10}`, 409, fmt.Sprintf(problem, "Conflict", 409, "the article is not in stock", "out_of_stock")},
		"an empty body": {place, "", "", 400, fmt.Sprintf(problem, "Bad Request", 400, "the body ends where an order should be", "invalid_json")},
	} {
		r := api.Request{PathParameters: map[string]string{"order": c.id}, Body: c.body, Headers: map[string]string{"Content-Type": "application/json"}}
		r.RequestContext.RequestID = "r-1"
		got, err := api.Handler(o, c.route)(t.Context(), r)
		if err != nil || got.StatusCode != c.status || got.Body != c.want || got.Headers["X-Content-Type-Options"] != "nosniff" {
			t.Errorf("%s: %v %d %s\nwant %d %s", name, err, got.StatusCode, got.Body, c.status, c.want)
		}
		if got.StatusCode == http.StatusConflict && got.Headers["Retry-After"] != "3600" {
			t.Errorf("%s: %v", name, got.Headers)
		}
	}
	if strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("an error of the client is logged with level ERROR: %s", log)
	}
}

// The client reads nothing of an error for which the domain has no problem.
func TestUnexplainedError(t *testing.T) {
	t.Parallel()
	e, log := environment(t, nil)
	a, err := api.New[api.API](e)
	if err != nil {
		t.Fatal(err)
	}
	for failure, want := range map[error]string{
		errAbsent: `"code":"internal"`,
		&function.Failure{Action: "a:B", Kind: "throttled", Unavailable: true}: `"code":"unavailable"`,
		&function.Failure{Action: "a:B", Kind: "AccessDenied"}:                 `"code":"internal"`,
		&function.Unusable{Name: "parameter x", Reason: "does not exist"}:      `"code":"unavailable"`,
	} {
		route := func(context.Context, *api.API, api.Request) (api.Response, error) { return api.Response{}, failure }
		got, err := api.Handler(a, route)(t.Context(), api.Request{})
		if err != nil || got.StatusCode < 500 || !strings.Contains(got.Body, want) || strings.Contains(got.Body, failure.Error()) {
			t.Errorf("%v: %v %d %s", failure, err, got.StatusCode, got.Body)
		}
		if !strings.Contains(log.String(), failure.Error()) {
			t.Errorf("%v is not in the log: %s", failure, log)
		}
	}
	got, err := api.Handler(a, health.Handle)(t.Context(), api.Request{})
	if err != nil || got.StatusCode != 200 || !json.Valid([]byte(got.Body)) {
		t.Errorf("health: %v %d %s", err, got.StatusCode, got.Body)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	e, _ := environment(t, nil)
	if _, err := api.New(e, WithShelf); err == nil || !strings.Contains(err.Error(), "SHELF is not set") {
		t.Errorf("%v", err)
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]struct {
		match api.Match
		err   string
	}{
		"*":           {api.Match{Any: true}, ""},
		`"3", "4"`:    {api.Match{Versions: []int64{3, 4}}, ""},
		`W/"3"`:       {api.Match{}, "version_conflict: the order has changed; read it again and send its ETag as If-Match"},
		`"03", "3"`:   {api.Match{Versions: []int64{3}}, ""},
		`"03"`:        {api.Match{}, "version_conflict: the order has changed; read it again and send its ETag as If-Match"},
		`"x"`:         {api.Match{}, "version_conflict: the order has changed; read it again and send its ETag as If-Match"},
		"3":           {api.Match{}, `validation: If-Match must be * or entity tags with commas between them, such as "3"`},
		"(no header)": {api.Match{}, `precondition_required: send the order's ETag as If-Match, such as "3"`},
	} {
		r := api.Request{Headers: map[string]string{"If-Match": header}}
		if header == "(no header)" {
			r.Headers = nil
		}
		got, err := api.IfMatch(r, "order")
		text := ""
		if err != nil {
			text = err.Error()
		}
		if fmt.Sprint(got) != fmt.Sprint(want.match) || text != want.err {
			t.Errorf("%s: %+v, %q, want %+v, %q", header, got, text, want.match, want.err)
		}
	}
}
