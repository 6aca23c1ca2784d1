package httpapi

import (
	"testing"
	"time"
)

// admitted returns how many of n simultaneous requests are admitted.
func admitted(throttle *throttle, s *Stage, route *Route, n int, now time.Time) int {
	count := 0
	for range n {
		if throttle.admits(s, route, now) {
			count++
		}
	}
	return count
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	s := testStage("GET /a", "GET /b", "GET /c", "GET /d")
	s.Throttle = &Limit{Rate: 1, Burst: 2}
	s.Throttles = map[string]Limit{"GET /b": {Rate: 10, Burst: 5}, "GET /c": {}, "GET /d": {Rate: 0.5, Burst: 1}}
	now := time.Unix(1e9, 0)
	var limits throttle
	want := func(what string, route, n, want int) {
		t.Helper()
		if got := admitted(&limits, &s, &s.Routes[route], n, now); got != want {
			t.Errorf("%s: %d of %d are admitted, want %d", what, got, n, want)
		}
	}
	want("the stage's limit", 0, 10, 2)
	want("a route's own limit", 1, 10, 5)
	want("a limit of zero", 2, 10, 0)
	want("another route's bucket", 3, 10, 1)
	now = now.Add(time.Second)
	want("a second later", 0, 10, 1)
	want("a second later", 1, 10, 5)
	want("a second later", 3, 10, 0)
	now = now.Add(time.Second)
	want("two seconds later", 3, 10, 1)
	s.Throttle = &Limit{Rate: 1, Burst: 4}
	want("another limit", 0, 10, 4)
	other := s
	other.Name = "other"
	if got := admitted(&limits, &other, &other.Routes[0], 10, now); got != 4 {
		t.Errorf("another stage: %d are admitted, want 4", got)
	}
}

// TestAccountLimit checks that the account's limit applies above a stage's
// limit, and to all APIs of a region.
func TestAccountLimit(t *testing.T) {
	t.Parallel()
	a := testStage("GET /a")
	a.Throttle = &Limit{Rate: 50_000, Burst: 50_000}
	b := testStage("GET /b")
	b.APIID = "other"
	now := time.Unix(1e9, 0)
	var limits throttle
	if got := admitted(&limits, &a, &a.Routes[0], 4_000, now); got != 4_000 {
		t.Errorf("%d are admitted, want 4000", got)
	}
	if got := admitted(&limits, &b, nil, 2_000, now); got != 1_000 {
		t.Errorf("%d more are admitted, want 1000", got)
	}
	b.Region = "us-east-1"
	if got := admitted(&limits, &b, &b.Routes[0], 10, now); got != 10 {
		t.Errorf("in another region %d are admitted, want 10", got)
	}
	b.Region = "mx-central-1"
	if got := admitted(&limits, &b, nil, 2_000, now); got != 1_250 {
		t.Errorf("in a small region %d are admitted, want 1250", got)
	}
	now = now.Add(10 * time.Millisecond)
	if got := admitted(&limits, &a, &a.Routes[0], 1_000, now); got != 100 {
		t.Errorf("after 10 ms %d are admitted, want 100", got)
	}
}

// TestThrottledPreflight checks that a route's limit does not apply to a
// preflight that the gateway answers.
func TestThrottledPreflight(t *testing.T) {
	t.Parallel()
	stage := testStage("GET /")
	stage.Throttle = &Limit{}
	stage.CORS = &CORS{AllowOrigins: []string{"https://app.example"}, AllowMethods: []string{"GET"}}
	f := newFixture(t, stage, answering(`{}`))
	got := f.get(t, "GET", "/", "Origin: https://app.example")
	wantMessage(t, got, 429, "Too Many Requests")
	if got.header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("a browser cannot read it: %v", got.header)
	}
	if got := f.get(t, "OPTIONS", "/", "Origin: https://app.example", "Access-Control-Request-Method: GET"); got.status != 204 {
		t.Errorf("a preflight answers %d", got.status)
	}
	if f.called() != 0 {
		t.Error("the function was called")
	}
}
