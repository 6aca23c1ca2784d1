package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInert runs a project with types and a property that the local cloud does
// not support. The stack's file names some of them, and the flag names one.
func TestInert(t *testing.T) {
	t.Parallel()
	dir, state := t.TempDir(), t.TempDir()
	copyTree(t, filepath.Join("testdata", "inert"), dir)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile(`(?m)^module .*`).ReplaceAll(data, []byte("module inert"))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	up := func(flags ...string) (string, error) {
		args := append([]string{"-C", dir, "-state", state}, flags...)
		return local(t, append(args, "pulumi", "up", "--yes")...)
	}
	const property = "aws:ssm/parameter:Parameter.allowedPattern"
	if out, err := up(); err == nil || !strings.Contains(out, "to keep it without effect: -inert "+property) {
		t.Fatalf("without the flag: %v\n%s", err, out)
	}
	out, err := up("-inert", property)
	if err != nil {
		t.Fatalf("with the flag: %v\n%s", err, out)
	}
	for _, want := range []string{
		"warning: aws:cognito/userPool:UserPool is kept as settings without effect (-inert): the local cloud checks neither its properties nor rights on it",
		"warning: aws:cognito/userPoolClient:UserPoolClient is kept", "warning: " + property + " is kept as a setting without effect",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
	for name, form := range map[string]string{
		"issuer": `^https://cognito-idp\.eu-west-1\.amazonaws\.com/eu-west-1_[a-z0-9]{9}$`,
		"pool":   `^arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_[a-z0-9]{9}$`, "audience": `^[a-z0-9]{26}$`,
	} {
		if got := strings.TrimSpace(mustLocal(t, "-C", dir, "-state", state, "pulumi", "stack", "output", name)); !regexp.MustCompile(form).MatchString(got) {
			t.Errorf("%s is %q, want %s", name, got, form)
		}
	}
	if out, err := local(t, "-C", dir, "-state", state, "-inert", property, "pulumi", "preview", "--expect-no-changes"); err != nil {
		t.Errorf("a preview finds changes: %v\n%s", err, out)
	}
	edit(t, filepath.Join(dir, "Pulumi.local.yaml"), ", aws:cognito/userPoolClient:UserPoolClient", "")
	if out, err := up("-inert", property); err == nil || !strings.Contains(out, "to keep it as settings without effect: go run ./local -inert aws:cognito/userPoolClient:UserPoolClient") {
		t.Errorf("a type that is not named: %v\n%s", err, out)
	}
	mustLocal(t, "-C", dir, "-state", state, "-inert", property+",aws:cognito/userPoolClient:UserPoolClient", "pulumi", "destroy", "--yes", "--skip-preview")
}

// TestInertOf joins the lists of the command line, the cloud that serves and
// the stack's file.
func TestInertOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "Pulumi.local.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e := &engine{project: project{dir: dir, inert: []string{"aws:a:B"}}, session: session{Inert: "aws:c:D,aws:a:B"}}
	for _, test := range []struct{ file, want, err string }{
		{"config: {}\n", "aws:a:B,aws:c:D", ""},
		{"config:\n  local:inert: [aws:e/f:G, aws:a:B]\n", "aws:a:B,aws:c:D,aws:e/f:G", ""},
		{"config:\n  local:inert: aws:e/f:G\n", "", "local:inert in Pulumi.local.yaml must be a list"},
		{"config: [\n", "aws:a:B,aws:c:D", ""},
	} {
		write(test.file)
		got, err := e.inert("local")
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
			t.Errorf("%q: %q, %v", test.file, got, err)
		}
	}
	if got, err := e.inert("none"); err != nil || got != "aws:a:B,aws:c:D" {
		t.Errorf("a stack without a file: %q, %v", got, err)
	}
	var stderr bytes.Buffer
	o, _, err := parse(t.Context(), []string{"-inert", "aws:b:C, aws:a:B", "-inert", "aws:d:E", "pulumi", "up"}, &stderr)
	if diff := cmp.Diff([]string{"aws:a:B", "aws:b:C", "aws:d:E"}, o.inert); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}
