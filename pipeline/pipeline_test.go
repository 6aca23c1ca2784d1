package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// fixture returns a repository in which everything is built and previewed.
func fixture(t *testing.T) (pipeline, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	p := pipeline{dir: t.TempDir(), stdout: &out, stderr: &out, getenv: func(name string) string {
		return map[string]string{"CI_COMMIT_SHA": commit}[name]
	}}
	for file, text := range map[string]string{
		p.programFile():       "program",
		p.planFile("staging"): "plan",
		filepath.Join(p.folder(), "linux-arm64", "health.zip"): "zip",
		filepath.Join(p.dir, "Pulumi.yaml"):                    "name: project\n# why\nmain: infra\nruntime: go\nconfig:\n  project:target:\n    default: linux/arm64\n",
		p.stackFile("staging"):                                 "config:\n  project:memory: 256\n",
	} {
		write(t, file, text)
	}
	if _, err := p.writeManifest([]string{"program", "linux-arm64/health.zip"}); err != nil {
		t.Fatal(err)
	}
	_, sum, err := p.readManifest()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.approve("staging", sum); err != nil {
		t.Fatal(err)
	}
	return p, &out
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestApproval changes each approved thing in turn. checkApproved must refuse
// each change.
func TestApproval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*testing.T, *pipeline)
		want   string
	}{
		"commit": {func(_ *testing.T, p *pipeline) {
			p.getenv = func(string) string { return "fedcba9876543210" }
		}, "the commit differs: the plan is for stack staging and commit 01234567, but this job is for stack staging and commit fedcba98"},
		"zip": {func(t *testing.T, p *pipeline) {
			write(t, filepath.Join(p.folder(), "linux-arm64", "health.zip"), "another")
		}, ".build/linux-arm64/health.zip is not the file that was built"},
		"program": {func(t *testing.T, p *pipeline) { write(t, p.programFile(), "another") }, ".build/program is not the file that was built"},
		"manifest": {func(t *testing.T, p *pipeline) {
			if _, err := p.writeManifest([]string{"program"}); err != nil {
				t.Fatal(err)
			}
		}, "the manifest of the zips differs"},
		"plan":          {func(t *testing.T, p *pipeline) { write(t, p.planFile("staging"), "another") }, "the plan differs"},
		"no zip":        {func(t *testing.T, p *pipeline) { remove(t, filepath.Join(p.folder(), "linux-arm64")) }, "health.zip is missing"},
		"no plan":       {func(t *testing.T, p *pipeline) { remove(t, p.planFile("staging")) }, "the plan is missing"},
		"no approval":   {func(t *testing.T, p *pipeline) { remove(t, p.approvalFile("staging")) }, `the job "plan staging" has not run in this pipeline`},
		"no manifest":   {func(t *testing.T, p *pipeline) { remove(t, p.manifestFile()) }, `the job "build" has not run in this pipeline`},
		"half approval": {func(t *testing.T, p *pipeline) { write(t, p.approvalFile("staging"), "{") }, `run the job "plan staging" again`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := fixture(t)
			test.change(t, &p)
			if err := p.checkApproved(t.Context(), "staging"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestOtherManifest uses zips that were built for another commit.
func TestOtherManifest(t *testing.T) {
	t.Parallel()
	p, _ := fixture(t)
	p.getenv = func(string) string { return "fedcba9876543210" }
	want := "the zips were built for commit 01234567, but this is commit fedcba98"
	if _, _, err := p.readManifest(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// TestProject checks that writeProject writes the repository's project with
// another program, and does not change the repository.
func TestProject(t *testing.T) {
	t.Parallel()
	p, _ := fixture(t)
	before, err := os.ReadFile(filepath.Join(p.dir, "Pulumi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.writeProject("staging"); err != nil {
		t.Fatal(err)
	}
	var made struct {
		Name, Main string
		Runtime    struct {
			Name    string
			Options struct{ Binary string }
		}
	}
	if err := readYAML(filepath.Join(p.projectDir(), "Pulumi.yaml"), &made); err != nil {
		t.Fatal(err)
	}
	if made.Name != "project" || made.Main != "../../infra" || made.Runtime.Name != "go" || made.Runtime.Options.Binary != p.programFile() {
		t.Errorf("%+v", made)
	}
	if _, err := os.Stat(filepath.Join(p.projectDir(), "Pulumi.staging.yaml")); err != nil {
		t.Error(err)
	}
	if after, err := os.ReadFile(filepath.Join(p.dir, "Pulumi.yaml")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("Pulumi.yaml has changed to %s, %v", after, err)
	}
	if err := p.writeProject("none"); err == nil || !strings.Contains(err.Error(), "Pulumi.none.yaml does not exist") {
		t.Errorf("a stack that does not exist: %v", err)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	p, _ := fixture(t)
	write(t, p.stackFile("own"), "config:\n  project:target: linux/amd64\n")
	for stack, want := range map[string]string{"staging": "linux/arm64", "own": "linux/amd64"} {
		if got, err := p.target(stack); got != want || err != nil {
			t.Errorf("%s: %q, %v", stack, got, err)
		}
	}
	p.getenv = func(string) string { return "host" }
	if got, err := p.target("staging"); got != "host" || err != nil {
		t.Errorf("with the variable: %q, %v", got, err)
	}
}

// TestExplain maps messages of the engine, as they were recorded, to what
// explain says.
func TestExplain(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n  s3://b/.pulumi/locks/organization/project/staging/1.json: created by root@runner-1 (pid 33) at 2026-01-02T03:04:05Z": "staging has been locked by root@runner-1/33 since 2026-01-02T03:04:05Z, so this job has changed nothing",
		"operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity":                                                                                                "AWS did not give this job its role",
		"error: resource urn:x violates plan: properties changed: ~~environment":           `run the job "plan staging" again`,
		"error: update is not allowed by the plan: this resource is constrained to create": `run the job "plan staging" again`,
		"error: no plan for resource urn:x":                                                `run the job "plan staging" again`,
		"error: something else":                                                            "pulumi up failed; its output above says why: exit status 1",
	} {
		if err := explain("staging", "up", output, errors.New("exit status 1")); !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\nis explained by %v, want %q", output, err, want)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "use one of build, preview, note, deploy, recover, janitor"},
		{[]string{"up"}, 2, `there is no command "up"`},
		{[]string{"deploy"}, 2, "must be STACK"},
		{[]string{"deploy", "staging", "production"}, 2, "must be STACK"},
		{[]string{"deploy", ""}, 2, "must be STACK"},
		{[]string{"preview", "-plans", "staging"}, 2, "usage: go run ./pipeline preview [flags] STACK"},
		{[]string{"deploy", "production"}, 1, `deploy production: `},
	} {
		p, out := fixture(t)
		if code := p.run(context.Background(), test.args); code != test.code || !strings.Contains(out.String(), test.want) {
			t.Errorf("%q: code %d, printed %s", test.args, code, out)
		}
	}
}

// TestNoteWithoutToken checks that without a token the note is in a file. The
// counts are written unless a preview failed.
func TestNoteWithoutToken(t *testing.T) {
	t.Parallel()
	p, out := fixture(t)
	p.getenv = func(name string) string {
		return map[string]string{"CI_COMMIT_SHA": commit, "CI_MERGE_REQUEST_IID": "7"}[name]
	}
	write(t, p.errorFile("staging"), "AWS did not give this job its role\n")
	write(t, p.previewFile("staging"), "")
	if code := p.run(t.Context(), []string{"note", "staging"}); code != 0 || !strings.Contains(out.String(), "there is no token") {
		t.Errorf("code %d, printed %s", code, out)
	}
	if data, err := os.ReadFile(p.noteFile()); err != nil || !strings.Contains(string(data), "AWS did not give this job its role") {
		t.Errorf("the note is %s, %v", data, err)
	}
	write(t, p.previewFile("staging"), `{"changeSummary": {"same": 3}}`)
	remove(t, p.errorFile("staging"))
	if code := p.run(t.Context(), []string{"note", "staging"}); code != 0 {
		t.Errorf("code %d, printed %s", code, out)
	}
	if data, err := os.ReadFile(p.widgetFile()); err != nil || !strings.Contains(string(data), `"create":0`) {
		t.Errorf("the counts are %s, %v", data, err)
	}
}

func TestAbandoned(t *testing.T) {
	t.Parallel()
	limit := time.Date(2026, 1, 8, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		stack listedStack
		want  bool
	}{
		{listedStack{Name: "review-1", LastUpdate: "2026-01-07T23:00:00.000Z"}, true},
		{listedStack{Name: "review-1", LastUpdate: "2026-01-08T01:00:00.000Z"}, false},
		{listedStack{Name: "review-1"}, false},
		{listedStack{Name: "review-1", LastUpdate: "2026-01-01T00:00:00Z", InProgress: true}, false},
		{listedStack{Name: "staging", LastUpdate: "2026-01-01T00:00:00Z"}, false},
	} {
		if got := test.stack.abandoned("review-", limit); got != test.want {
			t.Errorf("%+v: %t", test.stack, got)
		}
	}
}
