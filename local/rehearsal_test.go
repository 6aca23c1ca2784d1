package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"skiff/local/aws/route53"
	"skiff/local/store"
)

// TestRehearsal brings up the stacks that are meant for AWS, calls them at
// their domains as clients do, and destroys them.
func TestRehearsal(t *testing.T) {
	needs(t, sample()...)
	t.Parallel()
	for _, r := range []rehearsed{
		{stack: "staging", api: "api.staging.example.com", sockets: "ws.staging.example.com"},
		{stack: "production", api: "api.example.org", sockets: "ws.example.org", protected: true},
	} {
		t.Run(r.stack, func(t *testing.T) {
			t.Parallel()
			r.dir = built(t)
			r.run(t)
		})
	}
}

// rehearsed is one stack with values of its file.
type rehearsed struct {
	dir, stack   string
	api, sockets string // domain names
	protected    bool

	client // resolves the domains here and trusts only the local authority
}

func (r rehearsed) run(t *testing.T) {
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", r.stack)
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", r.stack)
	if r.protected {
		t.Run("an operator puts keys into the secrets", func(t *testing.T) { r.putKeys(t) })
	}
	s := serving(t, r.dir, "-stack", r.stack)
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	want := fmt.Sprintf("https://%s:%s  (curl --cacert %s --resolve %[1]s:%[2]s:%[4]s)", r.api, port, filepath.Join(r.dir, ".local", "ca.pem"), host)
	if !strings.Contains(strings.Join(s.stdout, "\n"), want) {
		t.Errorf("no %q in\n%s", want, strings.Join(s.stdout, "\n"))
	}
	if given := strings.Contains(strings.Join(s.stdout, "\n"), " had no value"); given == r.protected {
		t.Errorf("secrets were given values: %t\n%s", given, strings.Join(s.stdout, "\n"))
	}
	r.client = client{r.newClient(t, s), "https://" + r.api, strings.TrimSpace(mustLocal(t, "-C", r.dir, "token"))}
	stranger := r.client
	stranger.token = ""
	t.Run("health is open, at the domain", func(t *testing.T) {
		if a := stranger.request(t, http.MethodGet, "/health", ""); a.status != http.StatusOK {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("items are guarded", func(t *testing.T) { r.guarded(t, stranger) })
	t.Run("a client receives a change", func(t *testing.T) { r.receives(t, "wss://"+r.sockets+"/") })
	t.Run("a browser of another origin", func(t *testing.T) {
		origin := "https://www." + strings.TrimPrefix(r.api, "api.")
		a := stranger.request(t, http.MethodGet, "/items", "", "Origin", origin)
		if a.status != http.StatusUnauthorized || a.header.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%d, allows %q", a.status, a.header.Get("Access-Control-Allow-Origin"))
		}
	})
	t.Run("the API is not open besides its domain", func(t *testing.T) {
		if a := request(t, http.MethodGet, s.url+"/health", ""); a.status == http.StatusOK {
			t.Errorf("%s answers %s", s.url, a.body)
		}
	})
	t.Run("the certificate is for the domain", func(t *testing.T) {
		for _, name := range []string{"www.example.com", "example.org", "localhost"} {
			if _, err := r.http.Get("https://" + name + "/health"); err == nil {
				t.Errorf("%s has a certificate", name)
			}
		}
	})
	t.Run("each role holds what its function uses", func(t *testing.T) {
		r.useEveryRoute(t)
		compareRoles(t, r.dir, r.stack)
	})
	added := false // whether the recipes were applied
	if r.protected {
		t.Run("what a preview refuses", func(t *testing.T) { r.refusals(t) })
	} else {
		t.Run("the recipes that add something", func(t *testing.T) {
			r.changes(t, stranger)
			added = true
		})
	}
	s.stop(syscall.SIGTERM)
	nothingLeft(t, filepath.Join(r.dir, ".local"), s.url)
	r.destroy(t, added)
}

// putKeys fills a stack's secrets as the README describes.
func (r rehearsed) putKeys(t *testing.T) {
	var names map[string]string
	out := mustPulumi(t, r.dir, "stack", "output", "secretNames", "--json", "--stack", r.stack)
	if err := json.Unmarshal([]byte(out), &names); err != nil || len(names) != 2 {
		t.Fatalf("%s: %v", out, err)
	}
	for _, name := range names {
		put := []string{"-C", r.dir, "exec", "go", "run", "./infra/key", name}
		if out := mustLocal(t, put...); !strings.Contains(out, "secret "+name+" has a new key") {
			t.Errorf("key says %s", out)
		}
		if out, err := local(t, put...); err == nil || !strings.Contains(out, "has a value; replace it with") {
			t.Errorf("key says of a secret that has a value: %v, %s", err, out)
		}
	}
}

// newClient returns a client that resolves every name to the gateway, as curl's
// --resolve does.
func (r rehearsed) newClient(t *testing.T, s *server) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(r.dir, ".local", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("ca.pem holds no certificate")
	}
	gateway := strings.TrimPrefix(s.url, "http://")
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, gateway)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func (r rehearsed) guarded(t *testing.T, stranger client) {
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no token":        {nil, http.StatusUnauthorized},
		"no bearer":       {[]string{"Authorization", "Basic eDp5"}, http.StatusForbidden},
		"a token of none": {[]string{"Authorization", "Bearer x.y.z"}, http.StatusForbidden},
	} {
		for _, route := range []string{"POST /items", "GET /items", "GET /items/x", "PUT /items/x", "DELETE /items/x"} {
			method, path, _ := strings.Cut(route, " ")
			if a := stranger.request(t, method, path, "", test.headers...); a.status != test.status {
				t.Errorf("%s, %s: %d %s", name, route, a.status, a.body)
			}
		}
	}
	for _, token := range []string{"", "?token=x.y.z"} {
		_, response, err := websocket.Dial(t.Context(), "wss://"+r.sockets+"/"+token, &websocket.DialOptions{HTTPClient: r.http})
		if err == nil || response == nil || response.StatusCode != http.StatusUnauthorized {
			t.Errorf("a WebSocket client with %q is let in: %v, %v", token, response, err)
		}
	}
}

// destroy destroys the stack. A protected stack refuses without a change, until
// its protection is removed. The zone is retained.
func (r rehearsed) destroy(t *testing.T, added bool) {
	if r.protected {
		held := r.count(t)
		out, err := pulumi(t, r.dir, "destroy", "--yes", "--skip-preview", "--stack", r.stack)
		if err == nil || !strings.Contains(out, "protect") {
			t.Errorf("destroy of a protected stack: %v\n%s", err, out)
		}
		if now := r.count(t); !maps.Equal(now, held) {
			t.Errorf("the cloud held %v, and after a destroy that was refused %v", held, now)
		}
		file := filepath.Join(r.dir, "Pulumi."+r.stack+".yaml")
		edit(t, file, key(t, "protect")+": true", key(t, "protect")+": false")
		edit(t, file, key(t, "deletionProtection")+": true", key(t, "deletionProtection")+": false")
		mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", r.stack)
	}
	mustPulumi(t, r.dir, "destroy", "--yes", "--skip-preview", "--stack", r.stack)
	// Zones are retained, and so are the records that prove the domains: one
	// for the API and one for WebSocket clients. Deleted secrets stay in their
	// recovery window. The changes add a zone, a secret, and the records of an
	// additional domain and of the new stage.
	want := map[string]int{route53.ZoneToken: 1, route53.RecordToken: 2, "local:secretsmanager/deleted": 2}
	if added {
		want[route53.ZoneToken]++
		want[route53.RecordToken] += 2
		want["local:secretsmanager/deleted"]++ // of the changes
	}
	if held := r.count(t); !maps.Equal(held, want) {
		t.Errorf("after a destroy the cloud holds %v, want %v", held, want)
	}
	nothingRuns(t, filepath.Join(r.dir, ".local"))
}

// count returns the number of records in the cloud, by type.
func (r rehearsed) count(t *testing.T) map[string]int {
	t.Helper()
	db, err := store.Open(filepath.Join(r.dir, ".local"), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	held, err := db.Count()
	if err != nil {
		t.Fatal(err)
	}
	return held
}
