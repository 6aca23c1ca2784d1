package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDigestChanges checks for each kind of edit which functions get another
// digest.
func TestDigestChanges(t *testing.T) {
	t.Parallel()
	put := func(name, text string) func(*testing.T, *Builder) {
		return func(t *testing.T, b *Builder) { write(t, b.root, name, text) }
	}
	flags := func(value string) func(*testing.T, *Builder) {
		return func(_ *testing.T, b *Builder) { b.env = append(b.env, "GOFLAGS=-mod=mod -modcacherw "+value) }
	}
	const all = "alpha beta gamma"
	for _, test := range []struct {
		name    string
		edit    func(*testing.T, *Builder)
		changes string
	}{
		{"own file", put("lambdas/beta/main.go", "package main\n\nfunc main() { println(2) }\n"), "beta"},
		{"new file beside it", put("lambdas/beta/more.go", "package main\n"), "beta"},
		{"package two imports away", put("shared/deep/deep.go", source["shared/deep/deep.go"]+"\nvar More int\n"), "alpha"},
		{"embedded file", put("shared/deep/text/text.txt", "other\n"), "alpha"},
		{"profile", put("lambdas/gamma/default.pgo", "a profile"), "gamma"},
		{"module version", put("go.mod", strings.Replace(source["go.mod"], "v1.0.0", "v1.1.0", 1)), "gamma"},
		{"module replaced", func(t *testing.T, b *Builder) {
			write(t, b.root, "dep/go.mod", "module example.com/dep\n")
			write(t, b.root, "dep/dep.go", "package dep\n\nconst Name = \"here\"\n")
			write(t, b.root, "go.mod", source["go.mod"]+"\nreplace example.com/dep => ./dep\n")
		}, "gamma"},
		{"godebug line", put("go.mod", source["go.mod"]+"\ngodebug panicnil=1\n"), all},
		{"language version", put("go.mod", strings.Replace(source["go.mod"], "1.26.0", "1.25.0", 1)), all},
		{"processor", func(_ *testing.T, b *Builder) { b.target.Arch = "amd64" }, all},
		{"processor level", func(_ *testing.T, b *Builder) { b.env = append(b.env, "GOARM64=v8.1") }, all},
		{"compiler flag", flags("-gcflags=-N"), all},
		{"experiment", func(_ *testing.T, b *Builder) { b.env = append(b.env, "GOEXPERIMENT=nogreenteagc") }, all},
		{"FIPS module", func(_ *testing.T, b *Builder) { b.env = append(b.env, "GOFIPS140=latest") }, all},
		{"operating system", func(_ *testing.T, b *Builder) { b.target.OS = "darwin" }, all},

		{"test file", put("lambdas/alpha/main_test.go", "package main\n\nvar x int\n"), ""},
		{"test data", put("lambdas/alpha/testdata/case", "other\n"), ""},
		{"text beside the code", put("lambdas/alpha/README.md", "about\n"), ""},
		{"text at the root", put("README.md", "other\n"), ""},
		{"file of another system", put("shared/deep/deep_darwin.go", "package deep\n"), ""},
		{"file beside the embedded one", put("shared/deep/text/other.txt", "other\n"), ""},
		{"package that nothing imports", put("shared/unused/unused.go", "package unused\n"), ""},
		{"patch version of the language", put("go.mod", strings.Replace(source["go.mod"], "1.26.0", "1.26.1", 1)), ""},
		{"level of another processor", func(_ *testing.T, b *Builder) { b.env = append(b.env, "GOAMD64=v3") }, ""},
		{"flag the build sets itself", flags("-buildvcs=true -trimpath"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newModule(t)
			before := digests(t, b)
			test.edit(t, b)
			after := digests(t, b)
			var changed []string
			for _, name := range b.functions {
				if !isSum(before[name]) {
					t.Fatalf("digest of %s is %q", name, before[name])
				}
				if after[name] != before[name] {
					changed = append(changed, name)
				}
			}
			if want := strings.Fields(test.changes); !slices.Equal(changed, want) {
				t.Errorf("changed %v, want %v", changed, want)
			}
		})
	}
}

// TestDigestHoldsGoVersion checks that the digest depends on the Go version.
func TestDigestHoldsGoVersion(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	before := digests(t, b)
	dir := t.TempDir()
	write(t, dir, "go", "#!/bin/sh\ngo \"$@\" | sed 's/\"GOVERSION\": \".*\"/\"GOVERSION\": \"go1.0\"/'\n")
	b.goTool = filepath.Join(dir, "go")
	if err := os.Chmod(b.goTool, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, digest := range digests(t, b) {
		if digest == before[name] {
			t.Errorf("%s: another Go keeps the digest", name)
		}
	}
}

// TestDigestReadsProfile checks that the digest depends on the content of a
// profile, which go list does not list.
func TestDigestReadsProfile(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	write(t, b.root, "lambdas/gamma/default.pgo", "a profile")
	before := digests(t, b)
	write(t, b.root, "lambdas/gamma/default.pgo", "another profile")
	if after := digests(t, b); after["gamma"] == before["gamma"] {
		t.Error("another profile keeps the digest of gamma")
	} else if after["alpha"] != before["alpha"] {
		t.Error("a profile of gamma changes the digest of alpha")
	}
}

// TestDigestReadsReplacedModule checks that the files of a replaced module are
// read, because it has no sum.
func TestDigestReadsReplacedModule(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	write(t, b.root, "dep/go.mod", "module example.com/dep\n")
	write(t, b.root, "dep/dep.go", "package dep\n\nconst Name = \"here\"\n")
	write(t, b.root, "go.mod", source["go.mod"]+"\nreplace example.com/dep => ./dep\n")
	before := digests(t, b)
	write(t, b.root, "dep/dep.go", "package dep\n\nconst Name = \"there\"\n")
	if after := digests(t, b); after["gamma"] == before["gamma"] {
		t.Error("an edit in the replaced module keeps the digest of gamma")
	} else if after["alpha"] != before["alpha"] {
		t.Error("an edit in the replaced module changes the digest of alpha")
	}
}

func TestDigestSameInOtherFolder(t *testing.T) {
	t.Parallel()
	a, b := digests(t, newModule(t)), digests(t, newModule(t))
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s: digest depends on the folder", name)
		}
	}
}

func TestDigestErrors(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	write(t, b.root, "lambdas/beta/main.go", "package main\n\nimport \"example/nowhere\"\n")
	_, err := b.Digests(t.Context())
	if err == nil || !strings.Contains(err.Error(), "lambdas/beta/main.go:3:8: package example/nowhere is not in std") {
		t.Errorf("import of nothing: %v", err)
	}
	b = newModule(t)
	b.goTool = "no-such-go"
	if _, err = b.Digests(t.Context()); err == nil || !strings.Contains(err.Error(), "install Go from https://go.dev/dl") {
		t.Errorf("no go command: %v", err)
	}
}
