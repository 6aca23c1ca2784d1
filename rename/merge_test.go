package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMergeWhole merges twice from a copy of this repository into a renamed
// clone with changes of its team.
func TestMergeWhole(t *testing.T) {
	t.Parallel()
	upstream := whole(t)
	old := upstream.identity()
	team := upstream.clone()
	name, module := word("oys", "ter"), word("git.example.com/acme/oys", "ter")
	team.must(name, module)
	team.commit("renamed")
	team.edit("Pulumi.staging.yaml", name+":memory: 256", name+":memory: 1024")
	team.put("lambdas/team/team.go", "// Package team is the team's.\npackage team\n")
	team.commit("of the team")

	upstream.put("lambdas/names/more/more.go", "// Package more is new.\npackage more\n\nimport \""+old.Module+"/lambdas/names\"\n\n// Of is a name.\nvar Of = names.StatusIndex\n")
	upstream.edit("Pulumi.staging.yaml", "  "+old.Name+":logDays: 14\n", "  "+old.Name+":logDays: 30\n  "+old.Name+":newSetting: 1\n")
	upstream.git("rm", "-q", "pipeline/note/testdata/secret.json")
	upstream.commit("of upstream")
	team.git("fetch", "-q")
	if out := team.must("-merge", "upstream/main"); !strings.Contains(out, "upstream/main is merged, with 1 commits") {
		t.Error(out)
	}
	settings := team.read("Pulumi.staging.yaml")
	for _, line := range []string{name + ":logDays: 30\n", name + ":newSetting: 1\n", name + ":memory: 1024\n"} {
		if !strings.Contains(settings, line) {
			t.Errorf("no %q in\n%s", line, settings)
		}
	}
	if text := team.read("lambdas/names/more/more.go"); !strings.Contains(text, `import "`+module+`/lambdas/names"`) {
		t.Error(text)
	}
	if _, err := os.Stat(filepath.Join(team.dir, "pipeline/note/testdata/secret.json")); err == nil {
		t.Error("a file that upstream has deleted still exists")
	}

	upstream.edit("Pulumi.staging.yaml", old.Name+":newSetting: 1", old.Name+":newSetting: 2")
	upstream.commit("of upstream again")
	team.git("fetch", "-q")
	team.must("-merge", "upstream/main")
	if text := team.read("Pulumi.staging.yaml"); !strings.Contains(text, name+":newSetting: 2\n") {
		t.Error(text)
	}
	if original(old.Name) {
		team.without(old.Name)
	}
	if out := team.must("-merge", "upstream/main"); !strings.Contains(out, "is already merged") {
		t.Error(out)
	}
	if status := team.git("status", "--porcelain"); status != "" {
		t.Errorf("the merge leaves uncommitted changes\n%s", status)
	}
}

// renamedClone returns the small repository and a clone with another name.
func renamedClone(t *testing.T, options ...string) (upstream, team repository) {
	t.Helper()
	upstream = small(t)
	team = upstream.clone(options...)
	team.must("heron", "example.com/heron")
	team.commit("renamed")
	return upstream, team
}

// TestMergeConflict changes the same line on both sides. git reports the
// conflict, and the error names the command that undoes the merge.
func TestMergeConflict(t *testing.T) {
	t.Parallel()
	upstream, team := renamedClone(t)
	team.edit("Pulumi.staging.yaml", "memory: 512", "memory: 1024")
	team.commit("of the team")
	before := team.git("rev-parse", "HEAD")
	upstream.edit("Pulumi.staging.yaml", "memory: 512", "memory: 2048")
	upstream.edit("Pulumi.yaml", "default: 10", "default: 20")
	upstream.commit("of upstream")
	team.git("fetch", "-q")
	code, _, errs := team.run("-merge", "upstream/main")
	if code != 1 || !strings.Contains(errs, "these files have conflicts") || !strings.HasSuffix(errs, ":\nPulumi.staging.yaml\n") {
		t.Errorf("%d %s", code, errs)
	}
	text := team.read("Pulumi.staging.yaml")
	for _, want := range []string{"<<<<<<< HEAD\n  heron:memory: 1024\n", "=======\n  heron:memory: 2048\n>>>>>>>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	_, back, _ := strings.Cut(errs, "git reset --merge ")
	back, _, _ = strings.Cut(back, " ")
	team.git("reset", "--merge", back)
	if after := team.git("rev-parse", "HEAD"); after != before || team.git("status", "--porcelain") != "" {
		t.Errorf("git reset --merge %s resets to %s, not %s", back, after, before)
	}
	// A resolved conflict must not come back in the next merge.
	if code, _, _ := team.run("-merge", "upstream/main"); code != 1 {
		t.Errorf("the same merge again exits with %d, want 1", code)
	}
	team.put("Pulumi.staging.yaml", "config:\n  heron:memory: 2048\n")
	team.commit("merged")
	upstream.edit("Pulumi.yaml", "default: 20", "default: 30")
	upstream.commit("of upstream again")
	team.git("fetch", "-q")
	team.must("-merge", "upstream/main")
}

// TestMergeRefused starts merges that cannot succeed. Each must fail without
// changing anything.
func TestMergeRefused(t *testing.T) {
	t.Parallel()
	upstream, team := renamedClone(t)
	team.refuses([]string{"there is no commit upstream/none", "git remote add upstream"}, "-merge", "upstream/none")
	team.refuses([]string{"there is no commit --all"}, "-merge", "--all")
	if out := team.must("-merge", "upstream/main"); !strings.Contains(out, "is already merged") {
		t.Error(out)
	}
	upstream.put("new.txt", "upstream's\n")
	upstream.commit("of upstream")
	team.git("fetch", "-q")

	team.put("own.txt", "")
	team.refuses([]string{"uncommitted changes", "own.txt"}, "-merge", "upstream/main")
	if err := os.Remove(filepath.Join(team.dir, "own.txt")); err != nil {
		t.Fatal(err)
	}
	team.git("config", "user.name", "")
	team.git("config", "user.email", "")
	team.refuses([]string{"git does not know the committer", "git config user.name"}, "-merge", "upstream/main")
	team.configure()
	if err := os.Mkdir(filepath.Join(team.dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	inside := repository{t, filepath.Join(team.dir, "folder")}
	inside.refuses([]string{"the root of the git repository"}, "-merge", "upstream/main")
}

// TestMergeIgnored checks that a merge does not overwrite an ignored file.
func TestMergeIgnored(t *testing.T) {
	t.Parallel()
	upstream, team := renamedClone(t)
	upstream.put("new.txt", "upstream's\n")
	upstream.commit("of upstream")
	team.git("fetch", "-q")
	team.put(".git/info/exclude", "new.txt\n")
	team.put("new.txt", "the team's\n")
	team.refuses([]string{"upstream/main has the file new.txt", "move it away"}, "-merge", "upstream/main")
	if text := team.read("new.txt"); text != "the team's\n" {
		t.Errorf("new.txt is %q", text)
	}
}

// TestMergeStopped lets git stop before the commit of the first merge, and
// before the second merge.
func TestMergeStopped(t *testing.T) {
	t.Parallel()
	upstream, team := renamedClone(t)
	upstream.put("new.txt", "upstream's\n")
	upstream.commit("of upstream")
	team.git("fetch", "-q")
	team.git("config", "core.hooksPath", ".git/hooks")
	before := team.git("rev-parse", "HEAD")
	team.hook("pre-merge-commit", "echo not today; exit 1")
	code, _, errs := team.run("-merge", "upstream/main")
	if code != 1 || !strings.Contains(errs, "not today") || !strings.Contains(errs, "The merge is not committed; to undo it, run git reset --merge "+before[:12]) {
		t.Errorf("%d %s", code, errs)
	}
	team.git("reset", "--merge", before)
	team.hook("pre-merge-commit", "exit 0")

	team.hook("post-merge", "echo mine > new.txt") // blocks the second merge
	code, _, errs = team.run("-merge", "upstream/main")
	if code != 1 || !strings.Contains(errs, "new.txt") || !strings.Contains(errs, "The branch is as it was") {
		t.Errorf("%d %s", code, errs)
	}
	if status := team.git("status", "--porcelain"); status != "?? new.txt" || team.git("rev-parse", "HEAD") != before || team.read("new.txt") != "mine\n" {
		t.Errorf("the repository is not as before: %s", status)
	}
}

// hook installs a shell script as a hook of git.
func (r repository) hook(name, script string) {
	r.t.Helper()
	path := ".git/hooks/" + name
	r.put(path, "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(filepath.Join(r.dir, path), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

// TestMergeWithoutBase merges commits without a common history. In a shallow
// clone, the error says how to fetch the history.
func TestMergeWithoutBase(t *testing.T) {
	t.Parallel()
	upstream := small(t)
	upstream.put("a.txt", "")
	upstream.commit("second")
	shallow := upstream.clone("--depth", "1")
	upstream.put("b.txt", "")
	upstream.commit("third")
	shallow.git("fetch", "-q", "--depth", "1")
	shallow.refuses([]string{"this clone is shallow", "git fetch --unshallow"}, "-merge", "upstream/main")

	other := small(t)
	other.put("c.txt", "")
	other.git("add", "-A")
	other.git("commit", "-q", "--amend", "-m", "another first")
	other.git("remote", "add", "upstream", upstream.dir)
	other.git("fetch", "-q", "upstream")
	other.refuses([]string{"have no commit in common"}, "-merge", "upstream/main")
}

// TestMergeSameName merges a branch with the clone's name, which is an ordinary
// merge.
func TestMergeSameName(t *testing.T) {
	t.Parallel()
	_, team := renamedClone(t)
	team.git("checkout", "-q", "-b", "feature")
	team.put("new.txt", "")
	team.commit("a feature")
	team.git("checkout", "-q", "main")
	team.must("-merge", "feature")
	if n := team.git("rev-list", "--count", "feature..main"); n != "1" {
		t.Errorf("the merge has %s commits, want 1", n)
	}
}

// TestMergeAfterSecondName merges into a clone that was renamed twice.
func TestMergeAfterSecondName(t *testing.T) {
	t.Parallel()
	upstream, team := renamedClone(t)
	upstream.edit("Pulumi.yaml", "default: 10", "default: 20")
	upstream.commit("of upstream")
	team.git("fetch", "-q")
	team.must("-merge", "upstream/main")
	team.must("plover", "plover")
	team.commit("renamed again")
	upstream.edit("Pulumi.yaml", "  anchor:timeout:\n    default: 20\n", "  anchor:timeout:\n    default: 20\n  anchor:stage:\n    default: x\n")
	upstream.edit("infra/main.go", "import \"anchor/lambdas\"\n", "import (\n\t\"anchor/lambdas\"\n\t_ \"anchor/lambdas/gone\"\n)\n")
	upstream.commit("of upstream again")
	team.git("fetch", "-q")
	team.must("-merge", "upstream/main")
	team.without("anchor")
	team.without("heron")
	if text := team.read("infra/main.go"); !strings.Contains(text, "\t\"plover/lambdas\"\n\t_ \"plover/lambdas/gone\"\n") {
		t.Error(text)
	}
}
