package build

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the test binary build one function as another process, for
// TestOneCompileForAll.
func TestMain(m *testing.M) {
	if root := os.Getenv("BUILD_TEST_ROOT"); root != "" {
		b := New(root, Target{OS: "linux", Arch: "arm64"}, []string{"alpha", "beta", "gamma"})
		b.goTool = os.Getenv("BUILD_TEST_GO")
		sum, err := b.Build(context.Background(), os.Getenv("BUILD_TEST_FUNCTION"), "")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Print(sum)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// source is a module with three functions. Alpha imports a shared package that
// imports another one with an embedded file. Beta imports nothing. Gamma
// imports a module from a proxy.
var source = map[string]string{
	"go.mod":                      "module example\n\ngo 1.26.0\n\nrequire example.com/dep v1.0.0\n",
	"README.md":                   "nothing to compile\n",
	"lambdas/alpha/main.go":       "package main\n\nimport \"example/shared\"\n\nfunc main() { println(shared.Name()) }\n",
	"lambdas/beta/main.go":        "package main\n\nfunc main() { println(\"beta\") }\n",
	"lambdas/gamma/main.go":       "package main\n\nimport \"example.com/dep\"\n\nfunc main() { println(dep.Name) }\n",
	"shared/shared.go":            "package shared\n\nimport \"example/shared/deep\"\n\nfunc Name() string { return deep.Text }\n",
	"shared/deep/deep.go":         "package deep\n\nimport _ \"embed\"\n\n//go:embed text/text.txt\nvar Text string\n",
	"shared/deep/deep_darwin.go":  "package deep\n\nconst system = 1\n",
	"shared/deep/text/text.txt":   "embedded\n",
	"shared/deep/text/other.txt":  "not embedded\n",
	"shared/deep/deep_test.go":    "package deep\n",
	"lambdas/alpha/main_test.go":  "package main\n",
	"lambdas/alpha/testdata/case": "a case\n",
}

// newModule writes the source and a proxy into temporary folders, and returns a
// builder for linux/arm64.
func newModule(t *testing.T) *Builder {
	t.Helper()
	root := t.TempDir()
	for name, text := range source {
		write(t, root, name, text)
	}
	b := New(root, Target{OS: "linux", Arch: "arm64"}, []string{"alpha", "beta", "gamma"})
	b.env = []string{
		"GOPROXY=file://" + newProxy(t), "GOSUMDB=off", "GOMODCACHE=" + t.TempDir(),
		"GOFLAGS=-mod=mod -modcacherw", "GOWORK=off", "GO111MODULE=on",
	}
	return b
}

// newProxy writes a module proxy with two versions of example.com/dep.
func newProxy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, version := range []string{"v1.0.0", "v1.1.0"} {
		base := "example.com/dep/@v/" + version
		write(t, dir, base+".info", fmt.Sprintf("{\"Version\":%q}", version))
		write(t, dir, base+".mod", "module example.com/dep\n")
		write(t, dir, "example.com/dep/@v/list", "v1.0.0\nv1.1.0\n")
		file, err := os.Create(filepath.Join(dir, base+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		z := zip.NewWriter(file)
		for name, text := range map[string]string{
			"go.mod": "module example.com/dep\n",
			"dep.go": "package dep\n\nconst Name = \"dep " + version + "\"\n",
		} {
			w, err := z.Create("example.com/dep@" + version + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// counted sets a go command that records each call. It returns a function that
// returns the number of go builds so far.
func counted(t *testing.T, b *Builder) (builds func() int) {
	t.Helper()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	write(t, dir, "go", fmt.Sprintf("#!/bin/sh\necho \"$1\" >>'%s'\nexec go \"$@\"\n", calls))
	b.goTool = filepath.Join(dir, "go")
	if err := os.Chmod(b.goTool, 0o755); err != nil {
		t.Fatal(err)
	}
	return func() int { return strings.Count(read(t, calls), "build\n") }
}

func digests(t *testing.T, b *Builder) map[string]string {
	t.Helper()
	d, err := b.Digests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustBuild(t *testing.T, b *Builder, function string) string {
	t.Helper()
	sum, err := b.Build(t.Context(), function, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := fileSum(b.Zip(function)); got != sum {
		t.Fatalf("%s: Build returned %s, the file has %s", function, sum, got)
	}
	return sum
}
