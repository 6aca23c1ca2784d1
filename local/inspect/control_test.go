package inspect_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/inspect"
)

// TestControl checks that a Control returns what the Inspector returns,
// including errors and exact numbers.
func TestControl(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.function("staging", "a")
	f.table("staging", "things")
	f.queues("staging", "jobs")
	seed, err := inspect.ParseSeed([]byte(`{"things":[` + every + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	if written, err := f.Control.Seed(t.Context(), seed); err != nil || len(written) != 1 || written[0].Items != 1 {
		t.Errorf("seed: %v, %v", written, err)
	}
	want, err := f.Inspector().Items(t.Context(), "things", inspect.Page{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Control.Items(t.Context(), "things", inspect.Page{Limit: 10})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("items: %v\n%s", err, diff)
	}
	roles, err := f.Control.RolesOf(t.Context(), []string{"a"})
	if err != nil || len(roles) != 1 || roles[0].Name != "staging-a" || len(roles[0].Holdings) != 2 || len(roles[0].Functions) != 1 {
		t.Errorf("the roles of a function: %v, %v", roles, err)
	}
	if _, err := f.Control.Invoke(t.Context(), "b", []byte(`{}`)); err == nil || err.Error() != "there is no function b; there are staging-a" {
		t.Errorf("an unknown function: %v", err)
	}
	if _, err := f.Control.Invoke(t.Context(), "a", []byte(`{}`)); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	lines := 0
	err = f.Control.Logs(ctx, inspect.LogQuery{Last: 10, Follow: true}, func(l inspect.Line) error {
		if lines++; strings.HasPrefix(l.Text, "REPORT ") {
			cancel()
		}
		return nil
	})
	cancel()
	if err != nil || lines != 3 {
		t.Errorf("%d lines, %v", lines, err)
	}
	if _, err := f.Control.Messages(t.Context(), "jobs", 1, true); err != nil {
		t.Error(err)
	}
	if all, err := f.Control.Schedules(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("schedules %v, %v", all, err)
	}
}

// TestGuard checks that Guard refuses requests without the token, from a
// browser's page, or for another host name.
func TestGuard(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, change := range map[string]func(*http.Request){
		"without a token":    func(r *http.Request) { r.Header.Del("X-Local-Token") },
		"with another token": func(r *http.Request) { r.Header.Set("X-Local-Token", f.Control.Token+"x") },
		"from a page":        func(r *http.Request) { r.Header.Set("Origin", "http://"+f.Control.Address) },
		"from no origin":     func(r *http.Request) { r.Header["Origin"] = []string{""} },
		"for another host":   func(r *http.Request) { r.Host = "rebound.example" },
		"":                   func(*http.Request) {},
	} {
		for _, path := range []string{"/inspect/functions", "/programs", "/commands", "/records"} {
			method := http.MethodPost
			if path == "/records" {
				method = http.MethodGet
			}
			r, err := http.NewRequestWithContext(t.Context(), method, "http://"+f.Control.Address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Local-Token", f.Control.Token)
			change(r)
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if (response.StatusCode == http.StatusForbidden) != (name != "") {
				t.Errorf("%s %s: %s", path, name, response.Status)
			}
		}
	}
}
