package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/issuer"
)

// account is bootstrap's stack for a stack, in the same cloud.
type account struct{ dir, state, stack string }

// prepare brings bootstrap's stack up.
func (a account) prepare(t *testing.T) {
	t.Helper()
	mustLocal(t, "-C", a.dir, "-state", a.state, "pulumi", "up", "--yes", "--skip-preview", "--stack", a.stack)
}

// job returns the environment of a job that assumes one of the account's roles,
// as GitLab's pipelines of the deploying branch do.
func (a account) job(t *testing.T, role string) []string {
	t.Helper()
	settings := values{"gitlabUrl": "https://gitlab.com", "gitlabAudience": "sts.amazonaws.com", "deployBranch": "main"}
	for key, value := range readConfig(t, filepath.Join(a.dir, "Pulumi."+a.stack+".yaml")) {
		settings[key[strings.Index(key, ":")+1:]] = value
	}
	key, err := issuer.Open(a.state)
	if err != nil {
		t.Fatal(err)
	}
	text := func(name string) string { s, _ := settings[name].(string); return s }
	now := time.Now()
	token, err := key.Sign(issuer.Claims{
		Issuer: text("gitlabUrl"), Audience: text("gitlabAudience"), Issued: now, Expires: now.Add(3 * time.Hour),
		Subject: "project_path:" + text("gitlabProject") + ":ref_type:branch:ref:" + text("deployBranch"),
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	arn := strings.TrimSpace(mustLocal(t, "-C", a.dir, "-state", a.state, "pulumi", "stack", "output", role+"RoleArn", "--stack", a.stack))
	return append(os.Environ(), "AWS_ROLE_ARN="+arn, "AWS_WEB_IDENTITY_TOKEN_FILE="+file)
}
