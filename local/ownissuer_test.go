package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"skiff/local/aws/issuer"
)

// TestIssuerOfTheProgram applies the recipe of a user pool. The local cloud
// stores the pool without effect, and signs its tokens.
func TestIssuerOfTheProgram(t *testing.T) {
	needs(t, "POST /items", "GET /items/{id}")
	t.Parallel()
	dir := built(t)
	apply(t, dir, recipeOf(t, byIssuer))
	edit(t, filepath.Join(dir, "Pulumi.local.yaml"), "config:\n", "config:\n  "+key(t, "userPool")+": true\n")
	inert := []string{"-C", dir, "-inert", "aws:cognito/userPool:UserPool,aws:cognito/userPoolClient:UserPoolClient"}
	if out, err := pulumi(t, dir, "up", "--yes", "--skip-preview"); err == nil || !strings.Contains(out, "-inert aws:cognito/userPool:UserPool") {
		t.Errorf("a user pool without the flag: %v\n%s", err, out)
	}
	s := serving(t, dir, inert[2:]...)
	c := newClient(t, s, inert...)
	made := c.create(t, "by a user of the pool")
	if a := c.request(t, http.MethodGet, "/items/"+made.ID, ""); a.status != http.StatusOK {
		t.Errorf("GET answers %d %s", a.status, a.body)
	}
	for name, token := range map[string]string{"no token": "", "another issuer": foreign(t, dir)} {
		stranger := c
		stranger.token = token
		if a := stranger.request(t, http.MethodPost, "/items", `{"name":"one","status":"active"}`); a.status != http.StatusUnauthorized {
			t.Errorf("%s: POST /items answers %d %s", name, a.status, a.body)
		}
	}
	for _, r := range stateOf(t, dir, "local") {
		if strings.HasSuffix(r.URN, "::token-key") {
			t.Errorf("there still is %s", r.URN)
		}
	}
	mustLocal(t, append(inert, "pulumi", "preview", "--expect-no-changes")...)
	s.stop(syscall.SIGTERM)
	nothingRuns(t, filepath.Join(dir, ".local"))
}

// foreign returns a token of an issuer that the stack does not trust, signed by
// the same key.
func foreign(t *testing.T, dir string) string {
	t.Helper()
	key, err := issuer.Open(filepath.Join(dir, ".local"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token, err := key.Sign(issuer.Claims{Issuer: "https://issuer.example.com/", Audience: "web", Subject: "x", Issued: now, Expires: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}
