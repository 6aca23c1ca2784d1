package httpapi

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/lambda"
)

// clock returns a clock that advances by 5 ms at each call.
func clock() func() time.Time {
	var mu sync.Mutex
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(5 * time.Millisecond)
		return now
	}
}

// TestAccessLog sends requests with every outcome and compares their lines with
// testdata/access.golden. The golden file has all variables of the first
// request. Of the others it has the variables with a value.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	stage := testStage("GET /items/{id}", "POST /items", "GET /limited", "GET /none")
	stage.Name = "prod"
	stage.Routes[3].Integration = nil
	stage.Throttles = map[string]Limit{"GET /limited": {}}
	stage.CORS = &CORS{AllowOrigins: []string{"https://app.example"}, AllowMethods: []string{"GET"}}
	var format []string
	for _, name := range append(LogVariables(), "authorizer.claims.sub") {
		format = append(format, `"`+name+`":"$context.`+name+`"`)
	}
	stage.AccessLog = &AccessLog{Group: "/aws/vendedlogs/api", Format: "{" + strings.Join(format, ",") + "}"}
	f := newTimedFixture(t, stage, clock(), func(_ context.Context, payload []byte) (lambda.Result, error) {
		switch text := string(payload); {
		case strings.Contains(text, "/items/broken"):
			return lambda.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"secret"}`)}, nil
		case strings.Contains(text, "/items/slow"):
			return lambda.Result{}, context.DeadlineExceeded
		case strings.Contains(text, "/items/denied"):
			return lambda.Result{}, errors.New(`no "permission"`)
		case strings.Contains(text, "/items/odd"):
			return lambda.Result{Payload: []byte(`{"statusCode":0}`)}, nil
		case strings.Contains(text, "/items/gone"):
			return lambda.Result{Payload: []byte(`{"statusCode":204}`)}, nil
		}
		return lambda.Result{Payload: []byte(`{"statusCode":201,"body":"{\"id\":1}"}`)}, nil
	})
	sent := []reply{
		f.get(t, "GET", "/prod/items/1?a=b", "User-Agent: curl/8", "X-Forwarded-For: 1.2.3.4"),
		f.post(t, "/prod/items", "application/json", `{"name":"x"}`),
		f.get(t, "GET", "/prod/items/gone"),
		f.get(t, "GET", `/prod/items/%22,%22status%22:%22%0A`, `User-Agent: a", "status": "<200>\`),
		f.get(t, "GET", "/prod/nowhere"),
		f.get(t, "GET", "/prod/limited"),
		f.get(t, "GET", "/prod/none"),
		f.get(t, "GET", "/prod/items/broken"),
		f.get(t, "GET", "/prod/items/slow"),
		f.get(t, "GET", "/prod/items/denied"),
		f.get(t, "GET", "/prod/items/odd"),
		f.get(t, "OPTIONS", "/prod/items", "Origin: https://app.example", "Access-Control-Request-Method: GET"),
	}
	f.get(t, "GET", "/other/items/1") // no stage matches, so there is no line
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lines) != len(sent) {
		t.Fatalf("%d lines for %d requests:\n%s", len(f.lines), len(sent), strings.Join(f.lines, "\n"))
	}
	var got strings.Builder
	for i, line := range f.lines {
		id := sent[i].header.Get("Apigw-Requestid")
		if id == "" || strings.Count(line, id) != 2 {
			t.Errorf("the line of request %q is\n%s", id, line)
		}
		// Write one variable per line, so that a difference is easy to see.
		for variable := range strings.SplitSeq(strings.ReplaceAll(line, id, "ID"), `,"`) {
			if i == 0 || !strings.Contains(variable, `":"-"`) {
				got.WriteString(variable + "\n")
			}
		}
		got.WriteString("\n")
	}
	golden(t, "access.golden", got.String())
}

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestNoAccessLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("GET /"), answering(`{}`))
	if got := f.get(t, "GET", "/"); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lines) > 0 {
		t.Errorf("a stage without an access log writes %q", f.lines)
	}
}
