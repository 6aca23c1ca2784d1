package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"skiff/rename/worktree"
)

// repository is a git repository in a temporary folder.
type repository struct {
	t   *testing.T
	dir string
}

// newRepository returns a repository with one commit, which has the files from
// fill.
func newRepository(t *testing.T, fill func(dir string) error) repository {
	t.Helper()
	r := repository{t, filepath.Join(t.TempDir(), "repository")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := fill(r.dir); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	r.configure()
	r.commit("first")
	return r
}

// whole returns a repository with a copy of this repository's files.
func whole(t *testing.T) repository {
	t.Helper()
	return newRepository(t, func(dir string) error { return worktree.Copy("..", dir) })
}

// small returns a repository with some files that contain the names of project
// and module.
func small(t *testing.T) repository {
	t.Helper()
	return newRepository(t, func(dir string) error {
		for path, text := range map[string]string{
			"Pulumi.yaml":          "name: anchor\nconfig:\n  anchor:memory:\n    default: 256\n  anchor:timeout:\n    default: 10\n",
			"Pulumi.staging.yaml":  "config:\n  anchor:memory: 512\n",
			"go.mod":               "module anchor\n\ngo 1.26.0\n",
			"infra/main.go":        "// Command infra is a program.\npackage main\n\nimport \"anchor/lambdas\"\n\nfunc main() { lambdas.Start() }\n",
			"lambdas/lambdas.go":   "// Package lambdas is a package.\npackage lambdas\n\n// Start prints a key.\nfunc Start() { println(\"anchor:memory\") }\n",
			"lambdas/gone/gone.go": "// Package gone is a package.\npackage gone\n\nimport _ \"anchor/lambdas\"\n",
		} {
			if err := put(filepath.Join(dir, path), text); err != nil {
				return err
			}
		}
		return nil
	})
}

func put(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// clone returns a clone. Its remote upstream is r.
func (r repository) clone(options ...string) repository {
	r.t.Helper()
	c := repository{r.t, filepath.Join(r.t.TempDir(), "clone")}
	args := append([]string{"clone", "-q", "-o", "upstream"}, options...)
	r.git(append(args, "file://"+r.dir, c.dir)...)
	c.configure()
	return c
}

func (r repository) configure() {
	r.t.Helper()
	r.git("config", "user.name", "test")
	r.git("config", "user.email", "test@example.com")
	r.git("config", "commit.gpgsign", "false")
	r.git("config", "gc.auto", "0")
	r.git("config", "core.compression", "0")
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	out, err := r.try(args...)
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

func (r repository) try(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r repository) commit(message string) {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--no-verify", "-m", message)
}

func (r repository) put(path, text string) {
	r.t.Helper()
	if err := put(filepath.Join(r.dir, path), text); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) read(path string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, path))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

func (r repository) edit(path, old, new string) {
	r.t.Helper()
	text := r.read(path)
	if strings.Count(text, old) != 1 {
		r.t.Fatalf("%s has %q %d times:\n%s", path, old, strings.Count(text, old), text)
	}
	r.put(path, strings.Replace(text, old, new, 1))
}

// run runs rename in the repository.
func (r repository) run(args ...string) (code int, stdout, stderr string) {
	r.t.Helper()
	var out, errs bytes.Buffer
	code = run(r.dir, args, &out, &errs)
	return code, out.String(), errs.String()
}

// must runs rename, which must succeed.
func (r repository) must(args ...string) string {
	r.t.Helper()
	code, out, errs := r.run(args...)
	if code != 0 {
		r.t.Fatalf("rename %s: %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// refuses runs rename, which must fail with these words and change nothing.
func (r repository) refuses(words []string, args ...string) {
	r.t.Helper()
	before := r.git("rev-parse", "HEAD") + r.git("status", "--porcelain")
	code, out, errs := r.run(args...)
	if code == 0 {
		r.t.Errorf("rename %s succeeds: %s", strings.Join(args, " "), out)
	}
	for _, word := range words {
		if !strings.Contains(errs, word) {
			r.t.Errorf("the error of rename %s does not contain %q:\n%s", strings.Join(args, " "), word, errs)
		}
	}
	if after := r.git("rev-parse", "HEAD") + r.git("status", "--porcelain"); after != before {
		r.t.Errorf("rename %s has changed the repository: %s, was %s", strings.Join(args, " "), after, before)
	}
}

// identity returns the repository's names.
func (r repository) identity() identity {
	r.t.Helper()
	id, err := readIdentity([]byte(r.read("Pulumi.yaml")), []byte(r.read("go.mod")))
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// without fails if a tracked file has the word in its content or path, in any
// case. options are passed to git grep.
func (r repository) without(word string, options ...string) {
	r.t.Helper()
	if out, err := r.try(append(append([]string{"grep", "-n", "-I", "-i", "-F"}, options...), word)...); err == nil {
		r.t.Errorf("%s is left in\n%.3000s", word, out)
	}
	if paths := r.git("ls-files", ":(icase)*"+word+"*"); paths != "" {
		r.t.Errorf("%s is left in the paths\n%s", word, paths)
	}
}
