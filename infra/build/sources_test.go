package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestEditedSince checks for each kind of edit whether it makes a build list
// its sources again.
func TestEditedSince(t *testing.T) {
	t.Parallel()
	put := func(name string) func(*testing.T, string) {
		return func(t *testing.T, root string) { write(t, root, name, "new") }
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, root string) {
			if err := os.Remove(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name string
		edit func(t *testing.T, root string)
		want bool
	}{
		{"none", func(*testing.T, string) {}, false},
		{"a file at the root", put("README.md"), false},
		{"a package that nothing imports", put("unused/unused.go"), false},
		{"a file of a function", put("lambdas/beta/main.go"), true},
		{"a new file", put("shared/new.go"), true},
		{"a deleted file", remove("shared/deep/deep_darwin.go"), true},
		{"an embedded file", put("shared/deep/text/text.txt"), true},
		{"a file beside an embedded one", put("shared/deep/text/new.txt"), true},
		{"go.mod", put("go.mod"), true},
		{"go.sum", put("go.sum"), true},
		{"a deleted folder", func(t *testing.T, root string) {
			if err := os.RemoveAll(filepath.Join(root, "lambdas/alpha")); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newModule(t)
			source, err := b.source(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			age(t, b.root)
			if err := os.MkdirAll(b.dist(), 0o755); err != nil {
				t.Fatal(err)
			}
			now, err := b.clock()
			if err != nil {
				t.Fatal(err)
			}
			test.edit(t, b.root)
			if got, err := source.editedSince(now); err != nil || got != test.want {
				t.Errorf("%v, %v, want %v", got, err, test.want)
			}
		})
	}
}

// age makes all files and folders an hour old. Otherwise the test could write
// them within the same tick of the file system's clock as its edit.
func age(t *testing.T, root string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, old, old))
	})
	if err != nil {
		t.Fatal(err)
	}
}
