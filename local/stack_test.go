package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/cloud"
	"skiff/local/store"
)

// TestStack is the life of a stack on the real engine: up, every route, an
// edit, a mistake, a fresh checkout, a restart, the end. Its parts share one
// cloud and depend on their order.
func TestStack(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	s := serving(t, dir)

	t.Run("ready is the last line, below a curl to try", func(t *testing.T) {
		out := s.stdout
		if got := out[len(out)-1]; got != "ready "+s.url {
			t.Errorf("last line is %q", got)
		}
		try := slices.IndexFunc(out, func(l string) bool { return strings.HasPrefix(l, "try: curl ") })
		if try < 0 {
			t.Fatalf("no curl in\n%s", strings.Join(out, "\n"))
		}
		needs(t, "GET /health")
		if a := request(t, http.MethodGet, out[try][strings.LastIndexByte(out[try], ' ')+1:], ""); a.status != http.StatusOK {
			t.Errorf("%s answers %d", out[try], a.status)
		}
	})
	t.Run("apiUrl answers", func(t *testing.T) {
		needs(t, "GET /health")
		url := strings.TrimSpace(mustPulumi(t, dir, "stack", "output", "apiUrl"))
		if a := request(t, http.MethodGet, url+"/health", ""); a.status != http.StatusOK {
			t.Errorf("%s/health answers %d", url, a.status)
		}
	})
	c := newClient(t, s, "-C", dir)
	t.Run("every route", func(t *testing.T) { c.useEveryRoute(t) })
	t.Run("a client receives a change", func(t *testing.T) {
		needs(t, "POST /items", "$connect", "notify")
		sockets := strings.TrimSpace(mustPulumi(t, dir, "stack", "output", "socketUrl"))
		c.receives(t, sockets)
	})
	t.Run("each role holds what its function uses", func(t *testing.T) {
		needs(t, sample()...)
		compareRoles(t, dir, "local")
	})
	t.Run("a second up changes nothing", func(t *testing.T) {
		mustPulumi(t, dir, "up", "--yes", "--skip-preview", "--expect-no-changes")
	})
	t.Run("an edit changes one function", func(t *testing.T) { editOneHandler(t, dir, s.url) })
	t.Run("a mistake is reported and changes nothing", func(t *testing.T) { breakOneHandler(t, dir, s.url) })
	t.Run("a fresh checkout shows no change", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(dir, ".build")); err != nil {
			t.Fatal(err)
		}
		mustPulumi(t, dir, "preview", "--expect-no-changes")
	})
	t.Run("the cloud is in use", func(t *testing.T) {
		for _, args := range [][]string{{"-C", dir}, {"-C", dir, "-addr", "127.0.0.1:0"}, {"-C", dir, "-addr", strings.TrimPrefix(s.url, "http://")}} {
			out, err := local(t, args...)
			if err == nil || !strings.Contains(out, fmt.Sprintf("in use by process %d", s.cmd.Process.Pid)) {
				t.Errorf("local %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
	})
	t.Run("an interrupt ends everything", func(t *testing.T) {
		s.stop(syscall.SIGINT)
		nothingLeft(t, filepath.Join(dir, ".local"), s.url)
	})
	t.Run("items survive a restart", func(t *testing.T) { restart(t, dir) })
	t.Run("destroy leaves nothing", func(t *testing.T) {
		mustPulumi(t, dir, "destroy", "--yes", "--skip-preview")
		db, err := store.Open(filepath.Join(dir, ".local"), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if held, err := db.Count(); err != nil || len(held) > 0 {
			t.Errorf("the cloud still holds %v, %v", held, err)
		}
		nothingLeft(t, filepath.Join(dir, ".local"), s.url)
	})
}

// elsewhere reports whether a right cannot be used here. The local cloud has no
// X-Ray, and two rights are for failures: a duplicate event, and a client that
// disappears. The handlers' tests cover those.
func elsewhere(grant string) bool {
	return strings.Contains(grant, " xray:Put") ||
		strings.Contains(grant, "-notify-") && (strings.Contains(grant, " dynamodb:GetItem ") || strings.Contains(grant, " dynamodb:DeleteItem "))
}

// compareRoles compares the policies of the stack with its functions' calls. No
// call is denied, and every right is used.
func compareRoles(t *testing.T, dir, stack string) {
	uses := usesOf(t, dir)
	var roles map[string][]iam.Holding
	if err := json.Unmarshal([]byte(mustLocal(t, "-C", dir, "iam", "-json")), &roles); err != nil {
		t.Fatal(err)
	}
	var held []iam.Holding
	for _, rights := range roles {
		held = append(held, rights...)
	}
	if len(held) == 0 {
		t.Fatalf("the stack %s grants nothing", stack)
	}
	for _, h := range held {
		if !h.Used && !elsewhere(h.String()) {
			t.Errorf("granted and never used: %s", h)
		}
	}
	for _, u := range uses {
		if !u.Allowed {
			t.Errorf("%s was denied %s on %s", u.Session, u.Action, u.Resource)
		}
		if !slices.ContainsFunc(held, func(h iam.Holding) bool { return h.Covers(u) }) {
			t.Errorf("used and not granted: %s %s %s", u.Role, u.Action, u.Resource)
		}
	}
}

// usesOf returns the recorded calls in the local cloud of a checkout.
func usesOf(t *testing.T, dir string) []iam.Use {
	t.Helper()
	uses, err := iam.ReadUses(filepath.Join(dir, ".local", cloud.UsesFile))
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

// changed returns the resources that a preview would change, by type and name.
func changed(t *testing.T, dir string) []string {
	t.Helper()
	var preview struct {
		Steps []struct{ Op, URN string }
	}
	out := mustPulumi(t, dir, "preview", "--json")
	if err := json.Unmarshal([]byte(out), &preview); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var urns []string
	for _, step := range preview.Steps {
		if step.Op != "same" {
			parts := strings.Split(step.URN, "::")
			types := strings.Split(parts[2], "$")
			urns = append(urns, step.Op+" "+types[len(types)-1]+" "+parts[3])
		}
	}
	slices.Sort(urns)
	return urns
}

// The handler that is edited, and the edited text.
const (
	handler = "lambdas/api/health/health.go"
	before  = `{"status":"ok"}`
	after   = `{"status":"edited"}`
)

func editOneHandler(t *testing.T, dir, url string) {
	needs(t, "GET /health")
	edit(t, filepath.Join(dir, handler), before, after)
	want := []string{"update aws:lambda/function:Function health", "update command:local:Command health"}
	if got := changed(t, dir); !slices.Equal(got, want) {
		t.Errorf("the preview changes %q, not %q", got, want)
	}
	if a := request(t, http.MethodGet, url+"/health", ""); a.body != before {
		t.Errorf("after a preview the function answers %d %s", a.status, a.body)
	}
	if out := mustPulumi(t, dir, "up", "--yes", "--skip-preview"); !strings.Contains(out, "~ 2 updated") {
		t.Errorf("up says\n%s", out)
	}
	if a := request(t, http.MethodGet, url+"/health", ""); a.body != after {
		t.Errorf("the edited function answers %d %s", a.status, a.body)
	}
}

func breakOneHandler(t *testing.T, dir, url string) {
	needs(t, "GET /health")
	edit(t, filepath.Join(dir, handler), "api.Respond(", "api.Reply(")
	out, err := pulumi(t, dir, "up", "--yes", "--skip-preview")
	if err == nil || !strings.Contains(out, "undefined: api.Reply") {
		t.Errorf("up of a program that does not compile: %v\n%s", err, out)
	}
	if a := request(t, http.MethodGet, url+"/health", ""); a.body != after {
		t.Errorf("the function that was there before answers %d %s", a.status, a.body)
	}
	edit(t, filepath.Join(dir, handler), "api.Reply(", "api.Respond(")
	mustPulumi(t, dir, "up", "--yes", "--skip-preview", "--expect-no-changes")
}

// nothingLeft checks that no process of the local cloud in state runs, and that
// url does not answer.
func nothingLeft(t *testing.T, state, url string) {
	t.Helper()
	nothingRuns(t, state)
	if conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		conn.Close()
		t.Errorf("something still answers at %s", url)
	}
}

// restart writes an item and restarts the program at another port. The output
// apiUrl follows.
func restart(t *testing.T, dir string) {
	needs(t, "POST /items", "GET /items/{id}")
	s := serving(t, dir)
	c := newClient(t, s, "-C", dir)
	made := c.create(t, "kept")
	s.stop(syscall.SIGTERM)
	nothingLeft(t, filepath.Join(dir, ".local"), s.url)
	s = serving(t, dir)
	c.url = s.url
	if a := c.request(t, http.MethodGet, "/items/"+made.ID, ""); a.status != http.StatusOK {
		t.Errorf("the item answers %d %s after a restart", a.status, a.body)
	}
	if url := strings.TrimSpace(mustPulumi(t, dir, "stack", "output", "apiUrl")); url != s.url {
		t.Errorf("apiUrl is %s, and the program serves %s", url, s.url)
	}
	s.stop(syscall.SIGTERM)
}
