package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// project returns a tree with a program that imports names, the functions
// health and names, and texts that a function embeds.
func project(t *testing.T) (root string, tree *Tree) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{"go.mod", "infra/main.go", "infra/main_test.go", "names/names.go", "health/health.go", "health/notes.txt", "mail/mail.go", "mail/texts/hello.txt"} {
		write(t, filepath.Join(root, name), name)
	}
	at := func(name string) string { return filepath.Join(root, name) }
	tree = NewTree(map[string]Part{at("go.mod"): Program, at("Pulumi.local.yaml"): Program})
	tree.Set(Program, Folders{at("infra"): false, at("names"): false})
	tree.Set(Code, Folders{at("health"): false, at("names"): false, at("mail"): true, at("mail/texts"): true})
	if err := tree.Look(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return root, tree
}

// changed returns the names of the changed files, by part.
func changed(t *testing.T, root string, tree *Tree, folders ...string) string {
	t.Helper()
	all, err := tree.Changed(folders...)
	if err != nil {
		t.Fatal(err)
	}
	names := func(paths []string) string { return strings.ReplaceAll(strings.Join(paths, " "), root+"/", "") }
	return fmt.Sprintf("program [%s] code [%s]", names(all[Program]), names(all[Code]))
}

func TestChanged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, text, program, code string }{
		{"a handler", "health/health.go", "new", "", "health/health.go"},
		{"the program", "infra/main.go", "new", "infra/main.go", ""},
		{"what both import", "names/names.go", "new", "names/names.go", ""},
		{"a new file of a handler", "health/more.go", "new", "", "health/more.go"},
		{"saved as it was", "health/health.go", "health/health.go", "", ""},
		{"a test", "infra/main_test.go", "new", "", ""},
		{"a text beside the code", "health/notes.txt", "new", "", ""},
		{"an editor's own file", "health/.#health.go", "new", "", ""},
		{"an embedded file", "mail/texts/hello.txt", "new", "", "mail/texts/hello.txt"},
		{"a file that may be embedded", "mail/texts/bye.txt", "new", "", "mail/texts/bye.txt"},
		{"the module", "go.mod", "new", "go.mod", ""},
		{"a stack's file that was not there", "Pulumi.local.yaml", "new", "Pulumi.local.yaml", ""},
		{"another stack's file", "Pulumi.staging.yaml", "new", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root, tree := project(t)
			write(t, filepath.Join(root, test.file), test.text)
			want := fmt.Sprintf("program [%s] code [%s]", test.program, test.code)
			if got := changed(t, root, tree, filepath.Dir(filepath.Join(root, test.file))); got != want {
				t.Errorf("%s, not %s", got, want)
			}
			if got := changed(t, root, tree); got != "program [] code []" {
				t.Errorf("reported twice: %s", got)
			}
		})
	}
}

func TestChangedByDeletion(t *testing.T) {
	t.Parallel()
	root, tree := project(t)
	if err := errors.Join(os.Remove(filepath.Join(root, "names/names.go")), os.RemoveAll(filepath.Join(root, "health"))); err != nil {
		t.Fatal(err)
	}
	if got, want := changed(t, root, tree), "program [names/names.go] code [health/health.go]"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	write(t, filepath.Join(root, "health/health.go"), "health/health.go")
	if got, want := changed(t, root, tree), "program [] code [health/health.go]"; got != want {
		t.Errorf("made again: %s, not %s", got, want)
	}
}

// TestLook checks that a file saved after the given time counts as changed at
// the next look, and that a file saved before it does not.
func TestLook(t *testing.T) {
	t.Parallel()
	root, tree := project(t)
	added := filepath.Join(root, "added")
	write(t, filepath.Join(added, "old.go"), "old")
	write(t, filepath.Join(added, "new.go"), "new")
	began := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(added, "old.go"), began, began.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	tree.Set(Code, Folders{added: false})
	if err := tree.Look(began); err != nil {
		t.Fatal(err)
	}
	if got, want := changed(t, root, tree, added), "program [] code [added/new.go]"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
