package httpapi

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:execute-api:eu-west-1:111111111111:abc123/$default/"
	policy := func(statements string) string {
		return `{"principalId":"ada","policyDocument":{"Version":"2012-10-17","Statement":[` + statements + `]},"context":{"a":"b"}}`
	}
	statement := func(effect, resource string) string {
		return `{"Action":"execute-api:Invoke","Effect":"` + effect + `","Resource":"` + resource + `"}`
	}
	for _, test := range []struct {
		answer string
		status int
	}{
		{policy(statement("Allow", arn+"GET/items/1")), 200},
		{policy(statement("Allow", "*")), 200},
		{policy(statement("Allow", arn+"*/items/*")), 200},
		{policy(statement("Allow", arn+"GET/items/{id}")), 403}, // the ARN has the request's path
		{policy(statement("Allow", arn+"POST/*")), 403},
		{policy(statement("Allow", "*") + "," + statement("Deny", arn+"GET/*")), 403},
		{policy(strings.Replace(statement("Allow", "*"), "Invoke", "ManageConnections", 1)), 403},
		{policy(""), 500},
		{policy(statement("Maybe", "*")), 500},
		{strings.Replace(policy(statement("Allow", "*")), "principalId", "PrincipalID", 1), 500},
		{`{"principalId":"ada"}`, 500},
		{`{"principalId":"ada","policyDocument":null}`, 500},
		{`{"isAuthorized":true}`, 500}, // simple responses are disabled
	} {
		var g guard
		g.say(test.answer)
		f := newFixture(t, guardedStage(asking(false, 0), "GET /items/{id}"), g.reply)
		if got := f.get(t, "GET", "/items/1", "Authorization: key"); got.status != test.status {
			t.Errorf("%s: %d, want %d", test.answer, got.status, test.status)
		}
		if test.status == 200 && !strings.Contains(string(f.last(t).payload), `"authorizer":{"lambda":{"a":"b"}}`) {
			t.Errorf("event %s", f.last(t).payload)
		}
	}
}

func TestAuthorizerFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer lambda.Result
		err    error
		status int
	}{
		{"no permission", lambda.Result{}, lambda.ErrNoPermission, 500},
		{"throttled", lambda.Result{}, lambda.ErrThrottled, 500},
		{"timeout", lambda.Result{}, context.DeadlineExceeded, 500},
		{"function error", lambda.Result{Payload: []byte(`{"errorMessage":"secret"}`), FunctionError: "Unhandled"}, nil, 500},
		{"Unauthorized", lambda.Result{Payload: []byte(`{"errorMessage":"Unauthorized","errorType":"errorString"}`), FunctionError: "Unhandled"}, nil, 401},
		{"an answer of Unauthorized", lambda.Result{Payload: []byte(`{"errorMessage":"Unauthorized"}`)}, nil, 401},
		{"no JSON", lambda.Result{Payload: []byte(`yes`)}, nil, 500},
		{"null", lambda.Result{Payload: []byte(`null`)}, nil, 500},
		{"true", lambda.Result{Payload: []byte(`true`)}, nil, 500},
		{"list", lambda.Result{Payload: []byte(`[{"isAuthorized":true}]`)}, nil, 500},
		{"nothing decided", lambda.Result{Payload: []byte(`{}`)}, nil, 500},
		{"text for true", lambda.Result{Payload: []byte(`{"isAuthorized":"true"}`)}, nil, 500},
		{"null for true", lambda.Result{Payload: []byte(`{"isAuthorized":null}`)}, nil, 500},
		{"forgotten tags", lambda.Result{Payload: []byte(`{"IsAuthorized":true}`)}, nil, 500},
		{"context is text", lambda.Result{Payload: []byte(`{"isAuthorized":true,"context":"a"}`)}, nil, 500},
		{"policy", lambda.Result{Payload: []byte(`{"principalId":"a","policyDocument":{}}`)}, nil, 500},
	} {
		var g guard
		g.set(test.answer, test.err)
		stage := guardedStage(asking(true, time.Minute), "GET /")
		stage.CORS = &CORS{AllowOrigins: []string{"https://app.example"}}
		f := newFixture(t, stage, g.reply)
		got := f.get(t, "GET", "/", "Authorization: key", "Origin: https://app.example")
		wantMessage(t, got, test.status, map[int]string{401: "Unauthorized", 500: "Internal Server Error"}[test.status])
		// A browser may read the error. No failure is cached.
		if got.header.Get("Access-Control-Allow-Origin") != "https://app.example" {
			t.Errorf("%s: headers %v", test.name, got.header)
		}
		g.say(`{"isAuthorized":true}`)
		if got := f.get(t, "GET", "/", "Authorization: key"); got.status != 200 || f.functions() != "authorize authorize f" {
			t.Errorf("%s: then %d of %s", test.name, got.status, f.functions())
		}
		f.mu.Lock()
		if logged := len(f.errors); (logged == 1) != (test.status == 500) || logged == 1 && !strings.Contains(f.errors[0].Error(), "authorizer auth1") {
			t.Errorf("%s: logged %v", test.name, f.errors)
		}
		f.mu.Unlock()
	}
}

// settable is a clock that a test sets.
type settable struct {
	mu  sync.Mutex
	now time.Time
}

func (s *settable) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *settable) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func TestVerdictsAreKept(t *testing.T) {
	t.Parallel()
	clock := &settable{now: time.Unix(1e9, 0)}
	var g guard
	g.say(`{"isAuthorized":true,"context":{"a":"b"}}`)
	f := newTimedFixture(t, guardedStage(asking(true, time.Minute), "GET /a", "GET /b"), clock.Now, g.reply)
	asked := 0
	call := func(path, key string, status int, isAsked bool) {
		t.Helper()
		if got := f.get(t, "GET", path, "Authorization: "+key); got.status != status {
			t.Errorf("%s of %s: %d, want %d", path, key, got.status, status)
		}
		if isAsked {
			asked++
		}
		if n := strings.Count(f.functions(), "authorize"); n != asked {
			t.Errorf("%s of %s: the function was asked %d times, want %d", path, key, n, asked)
			asked = n
		}
	}
	call("/a", "one", 200, true)
	call("/a", "one", 200, false)
	call("/b", "one", 200, false) // both routes share the answer
	if payload := string(f.last(t).payload); !strings.Contains(payload, `{"lambda":{"a":"b"}}`) {
		t.Errorf("the cached answer lacks its context: %s", payload)
	}
	g.say(`{"isAuthorized":false}`)
	call("/a", "two", 403, true)
	call("/a", "two", 403, false) // a denial is cached too
	clock.add(59 * time.Second)
	call("/a", "one", 200, false)
	clock.add(time.Second)
	call("/a", "one", 403, true)

	// After a change of the authorizer, the function is called again.
	f.mu.Lock()
	changed := asking(true, time.Hour)
	f.found.Stages[0].Routes[0].Authorizer = changed
	f.mu.Unlock()
	call("/a", "one", 403, true)
}

func TestVerdictsOfRoutes(t *testing.T) {
	t.Parallel()
	a := asking(true, time.Minute)
	a.IdentitySources = append(a.IdentitySources, "$context.routeKey")
	var g guard
	g.say(`{"isAuthorized":true}`)
	f := newFixture(t, guardedStage(a, "GET /a", "GET /b"), g.reply)
	for _, path := range []string{"/a", "/b", "/a", "/b"} {
		f.get(t, "GET", path, "Authorization: key")
	}
	if got := f.functions(); got != "authorize f authorize f f f" {
		t.Errorf("called %s", got)
	}
}

// TestKeptPolicy checks that a cached policy decides separately on each route.
func TestKeptPolicy(t *testing.T) {
	t.Parallel()
	var g guard
	g.say(`{"principalId":"a","policyDocument":{"Version":"2012-10-17","Statement":{"Action":"*","Effect":"Allow","Resource":"arn:aws:execute-api:*:*:abc123/*/GET/a"}}}`)
	f := newFixture(t, guardedStage(asking(false, time.Minute), "GET /a", "GET /b"), g.reply)
	for path, status := range map[string]int{"/a": 200, "/b": 403} {
		for range 2 {
			if got := f.get(t, "GET", path, "Authorization: key"); got.status != status {
				t.Errorf("%s: %d", path, got.status)
			}
		}
	}
	if n := strings.Count(f.functions(), "authorize"); n != 1 {
		t.Errorf("the function was asked %d times", n)
	}
}

func TestVerdictsAreBounded(t *testing.T) {
	t.Parallel()
	var v verdicts
	now := time.Unix(1e9, 0)
	name := func(n int) string { return string(rune('a'+n%26)) + time.Duration(n).String() }
	for n := range maxVerdicts {
		ttl := time.Hour
		if n < 100 {
			ttl = time.Minute
		}
		v.put(name(n), verdict{allowed: true}, now, ttl)
	}
	v.put("none", verdict{}, now, 0)
	if len(v.kept) != maxVerdicts {
		t.Fatalf("%d answers are cached", len(v.kept))
	}
	now = now.Add(time.Minute)
	v.put("late", verdict{}, now, time.Hour)
	if len(v.kept) != maxVerdicts-99 {
		t.Errorf("%d answers are cached after 100 have expired", len(v.kept))
	}
	for n := range 200 {
		v.put("x"+name(n), verdict{}, now, time.Hour)
	}
	if len(v.kept) > maxVerdicts {
		t.Errorf("%d answers are cached", len(v.kept))
	}
}
