package build

import (
	"path/filepath"
	"strings"
	"testing"

	"skiff/internal/rehearsal"
)

func TestBuildAll(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	builds := counted(t, b)
	first, err := b.BuildAll(t.Context())
	if err != nil || len(first.Functions) != 3 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, z := range first.Functions {
		if want := mustBuild(t, b, z.Function); z.SHA256 != want || z.Path != absolute(b.Zip(z.Function)) {
			t.Errorf("%s has sha256 %s at %s, not %s", z.Function, z.SHA256, z.Path, want)
		}
		if main := real(t, filepath.Join(b.root, "lambdas", z.Function)); z.Main != main {
			t.Errorf("the main package of %s is in %s, not %s", z.Function, z.Main, main)
		}
	}
	if n := builds(); n != 1 {
		t.Errorf("%d go builds, want 1", n)
	}
	for _, folder := range []string{"lambdas/alpha", "lambdas/beta", "lambdas/gamma", "shared", "shared/deep", "shared/deep/text"} {
		if !holds(first.Folders, real(t, filepath.Join(b.root, folder))) {
			t.Errorf("%s is not among %v", folder, first.Folders)
		}
	}

	write(t, b.root, "lambdas/beta/main.go", "package main\n\nfunc main() { undefined() }\n")
	write(t, b.root, "lambdas/gamma/main.go", "package main\n\nfunc main() { println(\"new\") }\n")
	second, err := b.BuildAll(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "beta: go build for ") || !strings.Contains(err.Error(), "lambdas/beta/main.go:3:15: undefined: undefined") {
		t.Errorf("a function that does not compile: %v", err)
	}
	if beta := second.Functions[1]; beta.SHA256 != "" || beta.Main == "" {
		t.Errorf("a function that does not compile is %+v", beta)
	}
	if second.Functions[0] != first.Functions[0] || second.Functions[2].SHA256 == first.Functions[2].SHA256 || second.Functions[2].SHA256 == "" {
		t.Errorf("beside it the zips are %+v", second.Functions)
	}
}

// A file that is saved while the compiler runs has it start again.
func TestBuildAllOfWhatChanges(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	savesWhileCompiling(t, b)
	zips, err := b.BuildAll(t.Context())
	if err != nil || zips.Functions[1].SHA256 != mustBuild(t, b, "beta") {
		t.Errorf("%+v, %v", zips, err)
	}
}

func holds(folders []rehearsal.Folder, path string) bool {
	for _, f := range folders {
		if f.Path == path {
			return true
		}
	}
	return false
}

// real is a path as the go command names it.
func real(t *testing.T, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}
