package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/engine/watch"
	"skiff/local/process/child/childtest"
)

// TestFollow checks that the error of a build is not printed if its source was
// saved again meanwhile: the next build has the current one.
func TestFollow(t *testing.T) {
	t.Parallel()
	const fails = `echo '{}'; echo "health: its source changed" >&2; exit 1`
	for _, c := range []struct {
		name, build  string // what the builder does, with the number of its run in $run
		errors, runs int
	}{
		{"saved during a build", `case $run in 1|2) save; ` + fails + `;; esac; echo '{}'`, 0, 3},
		{"saved during a build, with a mistake", `case $run in 1) save;; esac; ` + fails, 1, 2},
		{"a build that changes its own source", `case $run in 9) echo '{}'; exit;; esac; save; ` + fails, 1, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, stderr := t.TempDir(), &bytes.Buffer{}
			w := followed(t, dir, c.build)
			w.stderr = stderr
			w.news = true
			w.follow(t.Context())
			runs, err := os.ReadFile(filepath.Join(dir, "runs"))
			if err != nil || len(runs) != c.runs {
				t.Errorf("the builder ran %d times, not %d: %v", len(runs), c.runs, err)
			}
			if n := strings.Count(stderr.String(), "its source changed"); n != c.errors {
				t.Errorf("%d errors are printed, not %d:\n%s", n, c.errors, stderr)
			}
		})
	}
}

// followed returns a watching of one folder, with a shell script for the
// builder. The script may call save, which changes the source.
func followed(t *testing.T, dir, build string) *watching {
	t.Helper()
	source, binary := filepath.Join(dir, "health"), filepath.Join(dir, "builder")
	script := fmt.Sprintf("cd %q\nprintf . >> runs\nrun=$(wc -c < runs | tr -d ' ')\nsave() { echo \"// $run\" >> health/main.go; }\n%s", dir, build)
	err := errors.Join(os.Mkdir(source, 0o755), os.WriteFile(filepath.Join(source, "main.go"), []byte("package main\n"), 0o600), childtest.Script(binary, script))
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := watch.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := watcher.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &watching{
		stdout: &bytes.Buffer{}, builder: builder{root: dir, binary: binary}, builds: true,
		tree: watch.NewTree(nil), watcher: watcher, running: map[string]string{}, mains: map[string]string{}, changed: map[watch.Part][]string{},
	}
	w.tree.Set(watch.Code, watch.Folders{source: false})
	if err := w.look(nil); err != nil {
		t.Fatal(err)
	}
	return w
}
