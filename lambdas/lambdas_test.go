package lambdas_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"skiff/lambdas"
)

// Each function has a folder with a main package. Each folder with a main
// package is a function.
func TestFoldersAndFunctions(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range lambdas.Declared().Functions {
		want = append(want, filepath.Join(f.Name, "main.go"))
	}
	slices.Sort(want)
	if !slices.Equal(mains, want) {
		t.Errorf("the folders with a main package are %v, and the declared functions %v", mains, want)
	}
}

// No function imports the declaration, so a new route or right does not change
// a binary. A large library that one function needs is in that binary only.
func TestWhatFunctionsAreBuiltWith(t *testing.T) {
	t.Parallel()
	args := []string{"list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "."}
	for _, name := range lambdas.Declared().FunctionNames() {
		args = append(args, "./"+name)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	declaration, _, _ := strings.Cut(lines[0], " ")
	for i, f := range lambdas.Declared().Functions {
		deps := strings.Fields(lines[i+1])[1:]
		if slices.Contains(deps, declaration) {
			t.Errorf("%s imports the declaration; move the names that it needs to package names", f.Name)
		}
		if strings.Contains(strings.Join(deps, " "), "go-oidc") && !f.Authorizes {
			t.Errorf("%s imports go-oidc, which only the authorizer needs", f.Name)
		}
	}
}

// maxZip is the limit for a function's zip, in bytes. A cold start loads the
// whole binary, so a larger one starts later.
const maxZip = 5_000_000

func TestZipsAreSmall(t *testing.T) {
	t.Parallel()
	for _, name := range lambdas.Declared().FunctionNames() {
		size := zipSize(t, name)
		t.Logf("%s.zip has %d bytes", name, size)
		if size > maxZip {
			t.Errorf("%s.zip has %d bytes, the limit is %d", name, size, maxZip)
		}
	}
}

// zipSize builds a function with the flags of a deployment and returns the size
// of its zip.
func zipSize(t *testing.T, function string) int {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", bootstrap, "./"+function)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	binary, err := os.ReadFile(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	entry, err := w.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(binary); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Len()
}
