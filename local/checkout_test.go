package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"skiff/lambdas"
)

// checkout copies the project for a test that edits it. Its stack files are the
// fixtures in testdata/stacks, because a team's stacks have other accounts and
// domains.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "Pulumi.yaml", "internal", "infra", "lambdas", "bootstrap"} {
		copyTree(t, filepath.Join("..", name), filepath.Join(dir, name))
	}
	own, err := filepath.Glob(filepath.Join(dir, "bootstrap", "Pulumi.*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range own {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	copyTree(t, filepath.Join("testdata", "stacks"), dir)
	return dir
}

// zips builds all functions of the project, once for all tests.
var zips = sync.OnceValue(func() error {
	cmd := exec.Command("go", "run", "./infra/zip", "-target", "host", lambdas.Declared().FunctionNames()[0])
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

// built returns a checkout with built zips, for tests of other subjects. The
// zips are the same bytes in every folder.
func built(t *testing.T) string {
	t.Helper()
	if err := zips(); err != nil {
		t.Fatal(err)
	}
	dir := checkout(t)
	copyTree(t, filepath.Join("..", ".build"), filepath.Join(dir, ".build"))
	return dir
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// edit replaces text in a file of a checkout.
func edit(t *testing.T, file, old, new string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte(old), []byte(new), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}
