package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestRemovals removes parts of the service from a served stack, one recipe
// after another, and then restores all of them.
func TestRemovals(t *testing.T) {
	needs(t, sample()...)
	t.Parallel()
	r := removal{dir: built(t)}
	s := serving(t, r.dir)
	r.client = newClient(t, s, "-C", r.dir)
	r.kept = r.create(t, "kept")
	r.whole = r.resources(t)
	for _, test := range []struct {
		recipe string
		gone   []string // words that nothing in the stack contains any more
		uses   func(*testing.T)
	}{
		{"No WebSocket clients and no worker", []string{"websocket", "socket", "sqs", "queue", "connections", "notify"}, r.withoutWorker},
		{"No lists", []string{"status-index", "cursor", "list-items"}, r.withoutLists},
	} {
		if !t.Run(test.recipe, func(t *testing.T) {
			apply(t, r.dir, recipeOf(t, test.recipe))
			r.up(t)
			r.without(t, test.gone)
			test.uses(t)
		}) {
			return
		}
	}
	t.Run("back again", r.back)
	s.stop(syscall.SIGTERM)
	nothingRuns(t, filepath.Join(r.dir, ".local"))
}

// removal is a served stack, with its state before the recipes.
type removal struct {
	dir string
	client
	kept  item     // made before the first recipe
	whole []string // URNs of all resources before the first recipe
}

func (r removal) up(t *testing.T) {
	t.Helper()
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview")
	mustPulumi(t, r.dir, "preview", "--expect-no-changes")
}

// resources returns the URNs of the stack's resources, sorted.
func (r removal) resources(t *testing.T) (urns []string) {
	t.Helper()
	for _, resource := range stateOf(t, r.dir, "local") {
		urns = append(urns, resource.URN)
	}
	slices.Sort(urns)
	return urns
}

// without checks that no resource or output of the stack contains one of the
// words, in its name, its inputs or its outputs.
func (r removal) without(t *testing.T, words []string) {
	t.Helper()
	for _, resource := range stateOf(t, r.dir, "local") {
		text, err := json.Marshal(resource)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if at := strings.Index(strings.ToLower(string(text)), word); at >= 0 {
				t.Errorf("%s still has %q: %s", resource.URN, word, text[max(0, at-60):min(len(text), at+60)])
			}
		}
	}
}

// withoutWorker changes an item by every route. No worker reads events, so no
// function may use a queue.
func (r removal) withoutWorker(t *testing.T) {
	made := r.create(t, "unread")
	path := "/items/" + made.ID
	if a := r.request(t, http.MethodPut, path, `{"name":"unread","status":"done"}`, "If-Match", `"1"`); a.status != http.StatusOK {
		t.Errorf("PUT answers %d %s", a.status, a.body)
	}
	if a := r.request(t, http.MethodDelete, path, ""); a.status != http.StatusNoContent {
		t.Errorf("DELETE answers %d %s", a.status, a.body)
	}
	r.walk(t, []string{r.kept.ID})
	nothingDenied(t, r.dir)
}

// withoutLists checks that the other routes still work. The API's deployment
// precedes the route's deletion, so it serves the route without a function
// until the next deployment.
func (r removal) withoutLists(t *testing.T) {
	if a := r.request(t, http.MethodGet, "/items?status=active", ""); a.status != http.StatusNotFound && a.status != http.StatusInternalServerError {
		t.Errorf("GET /items answers %d %s", a.status, a.body)
	}
	if a := r.request(t, http.MethodGet, "/items/"+r.kept.ID, ""); a.status != http.StatusOK {
		t.Errorf("GET answers %d %s", a.status, a.body)
	}
	file, setting := filepath.Join(r.dir, "Pulumi.local.yaml"), "  "+key(t, "autoDeploy")+": true\n"
	edit(t, file, "config:\n", "config:\n"+setting)
	r.up(t)
	edit(t, file, setting, "")
	if a := r.request(t, http.MethodGet, "/items?status=active", ""); a.status != http.StatusNotFound {
		t.Errorf("GET /items answers %d %s where the API deploys itself", a.status, a.body)
	}
	made := r.create(t, "unlisted")
	if a := r.request(t, http.MethodDelete, "/items/"+made.ID, ""); a.status != http.StatusNoContent {
		t.Errorf("DELETE answers %d %s", a.status, a.body)
	}
	nothingDenied(t, r.dir)
}

// back reverts the recipes. It checks that all resources are there again, with
// the data that was retained.
func (r removal) back(t *testing.T) {
	copyTree(t, filepath.Join("..", "lambdas"), filepath.Join(r.dir, "lambdas"))
	r.up(t)
	if got := r.resources(t); !slices.Equal(got, r.whole) {
		t.Errorf("the stack has %d resources, not %d:\n%s", len(got), len(r.whole), strings.Join(difference(got, r.whole), "\n"))
	}
	r.receives(t, strings.TrimSpace(mustPulumi(t, r.dir, "stack", "output", "socketUrl")))
	r.walk(t, []string{r.kept.ID})
	nothingDenied(t, r.dir)
}

// difference returns the elements that only one of two lists has.
func difference(a, b []string) (only []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			only = append(only, "+ "+x)
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			only = append(only, "- "+x)
		}
	}
	return only
}

// nothingDenied checks that no role's call was denied.
func nothingDenied(t *testing.T, dir string) {
	t.Helper()
	for _, u := range usesOf(t, dir) {
		if !u.Allowed {
			t.Errorf("%s was denied %s on %s", u.Session, u.Action, u.Resource)
		}
	}
}

// stated is a resource in a stack's state.
type stated struct {
	Type, URN       string
	Inputs, Outputs map[string]any
}

// stateOf returns the resources in a stack's state.
func stateOf(t *testing.T, dir, stack string) []stated {
	t.Helper()
	var state struct {
		Deployment struct{ Resources []stated }
	}
	out := mustPulumi(t, dir, "stack", "export", "--stack", stack)
	if err := json.Unmarshal([]byte(out), &state); err != nil {
		t.Fatal(fmt.Errorf("the state of %s: %w", stack, err))
	}
	return state.Deployment.Resources
}
