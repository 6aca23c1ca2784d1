package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhole renames a copy of this repository several times and back. The copy
// contains this file, so no name is written here in one piece.
func TestWhole(t *testing.T) {
	t.Parallel()
	r := whole(t)
	first, tree, unformatted := r.identity(), r.git("rev-parse", "HEAD^{tree}"), r.unformatted()
	for _, to := range []identity{
		{word("fulfil", "ment-of-it"), word("fulfil", "ment-of-it")},
		{word("z", "q"), word("z", "q")},
		{word("oys", "ter-2"), word("git.example.com/ac", "me-1/v.oys", "ter")},
	} {
		from := r.identity()
		args := []string{to.Name}
		if to.Module != to.Name {
			args = append(args, to.Module)
		}
		r.must(args...)
		if out := r.must(args...); !strings.Contains(out, "Nothing has changed") {
			t.Errorf("a second run: %s", out)
		}
		r.commit(to.Name)
		switch {
		case from != first:
			r.without(from.Name, "-w") // whole words only: digests may contain a short name
		case original(first.Name):
			r.without(from.Name)
		}
		if from.Module != from.Name && to.Module == to.Name {
			to.Module = from.Module // a module with another name than the project's keeps its path
		}
		if got := r.identity(); got != to {
			t.Errorf("the identity is %v, want %v", got, to)
		}
	}
	r.compiles()
	if got := r.unformatted(); got != unformatted {
		t.Errorf("gofmt would change\n%s", got)
	}
	r.must(first.Name, first.Module)
	r.commit("back")
	if r.git("rev-parse", "HEAD^{tree}") != tree {
		t.Errorf("renamed back, it differs:\n%.3000s", r.git("diff", tree, "HEAD"))
	}
}

// original reports whether the name is the upstream project's, of which others
// are clones. Upstream, every place of the name must be one that context.go
// knows. If a test fails for a new place, write the line without the name, read
// the name at run time, or add the place to context.go. A clone's code may use
// its name as an ordinary word. The name is compared by its digest, because a
// renaming does not change digests.
func original(name string) bool {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:]) == "7985a8b8e1885ff73de4ece8dd8e8ed5280d2cd1422deb1f30f0c6aa1f4e70fc"
}

// TestNames accepts typical names of teams and refuses words of the code.
func TestNames(t *testing.T) {
	t.Parallel()
	files, err := readTracked("..")
	if err != nil {
		t.Fatal(err)
	}
	present, err := readIdentity(files["Pulumi.yaml"], files["go.mod"])
	if err != nil {
		t.Fatal(err)
	}
	if !original(present.Name) {
		t.Skip("a clone's code may have other words")
	}
	for name, free := range map[string]bool{
		word("cr", "m"): true, word("ta", "sks"): true, "infra": false, "items": false, "local": false, "api": false,
	} {
		if err := checkFree(name, present, files); (err == nil) != free {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func word(parts ...string) string { return strings.Join(parts, "") }

func (r repository) unformatted() string {
	r.t.Helper()
	cmd := exec.Command("gofmt", "-l", ".")
	cmd.Dir = r.dir
	out, _ := cmd.Output() // gofmt fails for a file that does not parse
	return string(out)
}

// compiles checks some packages that import each other.
func (r repository) compiles() {
	r.t.Helper()
	cmd := exec.Command("go", "vet", "./rename/...", "./infra/build", "./lambdas/names", "./lambdas/event")
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Errorf("go vet: %v\n%s", err, out)
	}
}

// TestRefused checks arguments and repositories that rename refuses.
func TestRefused(t *testing.T) {
	t.Parallel()
	r := small(t)
	for _, name := range []string{"", "Orders", "1a", "a_b", "a.b", "-a", "a-", "a--b", "ä", strings.Repeat("a", maxName+1)} {
		r.refuses([]string{"must be 1 to 19 of a-z"}, "--", name)
	}
	for _, name := range []string{"aws-x", "ssm", "pulumi-x"} {
		r.refuses([]string{"reserves names that start with"}, name)
	}
	for _, module := range []string{"/a", "a/", "a//b", "a b", "a/../b", "a:b", "-a", "https://a.example/b"} {
		r.refuses([]string{"use a module path such as"}, "--", "fine", module)
	}
	for _, module := range []string{"net", "encoding/x", "cmd", "internal/a"} {
		r.refuses([]string{"for which the go command searches Go's standard library"}, "fine", module)
	}
	for _, args := range [][]string{{}, {"a", "b", "c"}, {"-merge", "main", "a"}, {"-x"}} {
		r.refuses([]string{"usage: go run ./rename"}, args...)
	}
	r.put("new.txt", "")
	r.refuses([]string{"uncommitted changes", "git stash -u", "new.txt"}, "fine")
}

// TestRefusedElsewhere runs rename in repositories without a project.
func TestRefusedElsewhere(t *testing.T) {
	t.Parallel()
	r := newRepository(t, func(dir string) error { return os.WriteFile(filepath.Join(dir, "a"), nil, 0o644) })
	r.refuses([]string{"the root of the repository, which has Pulumi.yaml and go.mod"}, "fine")
	r.put("Pulumi.yaml", "name: fine\n")
	r.refuses([]string{"the root of the repository, which has Pulumi.yaml and go.mod"}, "fine")
	r.put("go.mod", "go 1.26\n")
	r.refuses([]string{"go.mod has no module path"}, "fine")
	r.put("Pulumi.yaml", "description: x\n")
	r.refuses([]string{"Pulumi.yaml has no name"}, "fine")
}

// TestCommonWord accepts a name that the files contain as a setting only with
// -force. It leaves such a word where it does not name the project.
func TestCommonWord(t *testing.T) {
	t.Parallel()
	r := small(t)
	r.put("lambdas/heron/heron.go", "// Package heron heron heron.\npackage heron\n\nvar heron = \"GET /heron/{id}\"\n")
	r.commit("code of the word")
	r.must("heron", "example.com/acme/heron")
	r.commit("renamed")
	r.put("infra/scope.go", "package main\n\nimport _ \"example.com/acme/heron/lambdas/heron-new\"\n\nvar scope = \"heron:read\"\n")
	r.commit("code of the project's name")
	out := r.must("plover", "plover")
	if want := "lambdas/heron/heron.go"; !strings.Contains(out, want) {
		t.Errorf("the output does not name %s, which has the word: %s", want, out)
	}
	if got, want := r.read("infra/scope.go"), "package main\n\nimport _ \"plover/lambdas/heron-new\"\n\nvar scope = \"plover:read\"\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if text := r.read("lambdas/heron/heron.go"); strings.Contains(text, "plover") {
		t.Errorf("a word that does not name the project was renamed:\n%s", text)
	}
	r.commit("renamed again")
	r.put("infra/scope.go", "package main\n\nvar scope = \"finch:read\"\n")
	r.commit("a scope")
	r.refuses([]string{"1 files already have the word finch", "infra/scope.go:3", "-force"}, "finch")
	r.must("-force", "finch")
}

// TestModuleStays keeps a module path that differs from the project's name.
func TestModuleStays(t *testing.T) {
	t.Parallel()
	r := small(t)
	r.must("heron", "example.com/acme/heron")
	r.commit("renamed")
	if out := r.must("plover"); !strings.Contains(out, "The Go module is still example.com/acme/heron") {
		t.Error(out)
	}
	if got, want := r.identity(), (identity{"plover", "example.com/acme/heron"}); got != want {
		t.Errorf("the identity is %v, want %v", got, want)
	}
	if text := r.read("infra/main.go"); !strings.Contains(text, `"example.com/acme/heron/lambdas"`) {
		t.Error(text)
	}
}
