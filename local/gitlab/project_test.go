package gitlab

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func checkout(t *testing.T, remote string) string {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{{"init", "-q", "-b", "topic"}, {"remote", "add", "origin", remote}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]Project{
		"git@gitlab.com:acme/api.git":                  {"https://gitlab.com", "acme/api", "topic"},
		"https://gitlab.example.com/acme/team/api.git": {"https://gitlab.example.com", "acme/team/api", "topic"},
		"https://user:secret@gitlab.com/acme/api":      {"https://gitlab.com", "acme/api", "topic"},
		"ssh://git@gitlab.com:2222/acme/api.git":       {"https://gitlab.com", "acme/api", "topic"},
	} {
		if got, err := Find(checkout(t, remote), ""); got != want || err != nil {
			t.Errorf("%s: %+v, %v", remote, got, err)
		}
	}
	dir := checkout(t, "/somewhere/else")
	if _, err := Find(dir, ""); err == nil || !strings.Contains(err.Error(), "-project GROUP/PROJECT") {
		t.Errorf("a remote that is a folder: %v", err)
	}
	if got, err := Find(dir, "acme/api"); err != nil || got.Subject() != "project_path:acme/api:ref_type:branch:ref:topic" {
		t.Errorf("with a path: %+v, %v", got, err)
	}
	if _, err := Find(t.TempDir(), "acme/api"); err == nil || !strings.Contains(err.Error(), "has none checked out") {
		t.Errorf("no checkout: %v", err)
	}
}

func TestArgs(t *testing.T) {
	t.Parallel()
	p := Pipeline{Dir: "/p", State: "/p/.local/ci", Project: Project{"https://gitlab.com", "acme/api", "topic"}, Event: MergeRequest,
		Variables: map[string]string{"CI_MERGE_REQUEST_IID": "7"}, Jobs: []string{"note"}}
	args, err := p.Args()
	for _, want := range []string{".local/ci", "CI_MERGE_REQUEST_IID=7", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=acme/api", "CI_COMMIT_BRANCH", "note"} {
		if err != nil || !slices.Contains(args, want) {
			t.Errorf("no %s in %q, %v", want, args, err)
		}
	}
	p.Event = Push
	if args, err := p.Args(); err != nil || slices.Contains(args, "--unset-variable") {
		t.Errorf("of a branch: %q, %v", args, err)
	}
	p.Event = "merge"
	if _, err := p.Args(); err == nil || !strings.Contains(err.Error(), `push, merge_request_event, schedule, not "merge"`) {
		t.Errorf("another event: %v", err)
	}
}

func TestIDTokens(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"stages: [a]\n.aws:\n  id_tokens: {T: {aud: one}}\njob:\n  id_tokens: {T: {aud: [one, two]}}\n": "",
		"a:\n  id_tokens: {T: {aud: one}}\nb:\n  id_tokens: {T: {aud: two}}\n":                          "give it another name",
		"a: [\n": ".gitlab-ci.yml: ",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ".gitlab-ci.yml"), []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		tokens, err := IDTokens(dir)
		if want == "" && (err != nil || tokens["T"] != "one") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, %v", file, tokens, err)
		}
	}
	if _, err := IDTokens(t.TempDir()); err == nil || !strings.Contains(err.Error(), "there is no .gitlab-ci.yml") {
		t.Errorf("no file: %v", err)
	}
}
