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

// Every function has a folder with a main package, and every such folder is a
// function.
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
		t.Errorf("folders %v, functions %v", mains, want)
	}
}

// No function is built with the declaration, so a new route or right changes no
// binary. What is large and one function's is in no other.
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
			t.Errorf("%s is built with the declaration; names that it needs are in the package names", f.Name)
		}
		if strings.Contains(strings.Join(deps, " "), "go-oidc") && !f.Authorizes {
			t.Errorf("%s is built with go-oidc, which checks the tokens of issuers", f.Name)
		}
	}
}

// maxZip is how many bytes a function's zip may have. A cold start loads the
// binary: its size is time.
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

// zipSize builds a function with the flags of the deployed build.
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
