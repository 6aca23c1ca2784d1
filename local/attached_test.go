package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAttached attaches the stack of another project to a stack whose API
// trusts an issuer. Both answer at one address, behind one authorizer.
func TestAttached(t *testing.T) {
	needs(t, "POST /items", "GET /items")
	t.Parallel()
	owner, orders := built(t), built(t)
	state := filepath.Join(owner, ".local")
	edit(t, filepath.Join(owner, "Pulumi.local.yaml"), "config:\n", "config:\n  "+key(t, "issuer")+": https://issuer.example.com/\n  "+key(t, "audiences")+": [any]\n")
	renamed(t, orders)
	attach := []string{"-C", orders, "-state", state, "pulumi", "up", "--yes", "--skip-preview", "--stack", "local"}

	mustPulumi(t, owner, "up", "--yes", "--skip-preview")
	if out, err := local(t, attach...); err == nil || !strings.Contains(out, "set "+key(t, "autoDeploy")+" to true there") {
		t.Errorf("attached to an API that publishes by itself: %v\n%s", err, out)
	}
	edit(t, filepath.Join(owner, "Pulumi.local.yaml"), "config:\n", "config:\n  "+key(t, "autoDeploy")+": true\n")
	mustPulumi(t, owner, "up", "--yes", "--skip-preview")
	mustLocal(t, attach...)
	mustLocal(t, append(attach, "--expect-no-changes")...)

	s := serving(t, owner)
	c := newClient(t, s, "-C", owner)
	stranger := client{http: c.http, url: c.url}
	for path, want := range map[string]int{"/items": http.StatusCreated, "/guest/items": http.StatusCreated} {
		if a := c.request(t, http.MethodPost, path, `{"name":"one","status":"active"}`); a.status != want {
			t.Errorf("POST %s answers %d %s", path, a.status, a.body)
		}
		if a := stranger.request(t, http.MethodPost, path, `{"name":"one","status":"active"}`); a.status != http.StatusUnauthorized {
			t.Errorf("POST %s without a token answers %d %s", path, a.status, a.body)
		}
	}
	// Each stack has separate items.
	if a := c.request(t, http.MethodGet, "/guest/items?status=active", ""); strings.Count(a.body, `"id"`) != 1 {
		t.Errorf("GET /guest/items answers %d %s", a.status, a.body)
	}
	c.token = "x.y.z"
	if a := c.request(t, http.MethodGet, "/guest/items?status=active", ""); a.status != http.StatusUnauthorized {
		t.Errorf("a token with an invalid signature: %d %s", a.status, a.body)
	}
	if out, err := local(t, append([]string{"-C", orders, "-state", state}, "token")...); err == nil || !strings.Contains(out, "has no authorizer: name the stack") {
		t.Errorf("a token of the other project, while this one serves: %v\n%s", err, out)
	}
	s.stop(syscall.SIGTERM)
	mustLocal(t, "-C", orders, "-state", state, "pulumi", "destroy", "--yes", "--skip-preview", "--stack", "local")
	mustPulumi(t, owner, "destroy", "--yes", "--skip-preview")
	nothingRuns(t, state)
}

// renamed gives a checkout another project name, moves its routes below /guest,
// and attaches it to the first project.
func renamed(t *testing.T, dir string) {
	t.Helper()
	owner, guest := projectHere(t), projectHere(t)+"-guest"
	for file, pairs := range map[string][]string{
		"Pulumi.yaml":       {"name: " + owner, "name: " + guest, owner + ":", guest + ":"},
		"Pulumi.local.yaml": {owner + ":", guest + ":", "config:\n", "config:\n  " + guest + ":attachTo: " + owner + "/local\n"},
	} {
		path := filepath.Join(dir, file)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(data))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	declare(t, dir, `
		for _, routes := range [][]string{f.Routes, f.PublicRoutes} {
			for j, route := range routes {
				routes[j] = strings.Replace(route, " /", " /guest/", 1)
			}
		}`)
}
