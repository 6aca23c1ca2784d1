package recipe

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOwned checks that every name except upstream's is a clone's. A folder
// without a project is an error.
func TestOwned(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{upstream: false, "orders": true, upstream + "-orders": true} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: "+name+"\nruntime: go\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := Owned(dir); err != nil || got != want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
	if _, err := Owned(t.TempDir()); err == nil {
		t.Error("Owned succeeds in a folder without a project")
	}
}

// TestApply checks that a diff that does not apply changes nothing.
func TestApply(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	if err := os.WriteFile(file, []byte("one\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := Recipe{Name: "More", Page: "page.md", diff: "--- a/a\n+++ b/a\n@@ -1,1 +1,2 @@\n one\n+two\n--- /dev/null\n+++ b/b\n@@ -0,0 +1,1 @@\n+new\n"}
	if got := r.Lines(); got != 1 {
		t.Errorf("the recipe adds %d lines to existing files, want 1", got)
	}
	if err := r.Apply(dir); err != nil {
		t.Fatal(err)
	}
	err := r.Apply(dir)
	data, _ := os.ReadFile(file)
	if err == nil || string(data) != "one\ntwo\n" {
		t.Errorf("applied twice: %v, %q", err, data)
	}
}
