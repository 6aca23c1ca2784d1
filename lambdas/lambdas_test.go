package lambdas_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"os"
	"os/exec"
	"path"
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

// An edit of one handler changes one function: no function is built with a
// package that one other main alone imports, but for what all are built with:
// that is no handler, even where one main alone imports it itself. None is built with the declaration,
// so a new route or right changes no binary.
func TestNoFunctionHasAnothersHandler(t *testing.T) {
	t.Parallel()
	imports, deps := dependencies(t)
	users := map[string][]string{}
	for function, packages := range imports {
		for _, name := range packages {
			users[name] = append(users[name], function)
		}
	}
	everywhere := func(name string) bool {
		for _, packages := range deps {
			if !slices.Contains(packages, name) {
				return false
			}
		}
		return true
	}
	for function, packages := range deps {
		if len(packages) == 0 {
			t.Errorf("%s is built with nothing of this folder", function)
		}
		for _, name := range packages {
			if owners := users[name]; len(owners) == 1 && owners[0] != function && !everywhere(name) {
				t.Errorf("%s is built with %s, the handler of %s", function, name, owners[0])
			}
		}
		if slices.Contains(packages, "") {
			t.Errorf("%s is built with the declaration; names that it needs are in the package names", function)
		}
	}
}

// What checks an issuer's tokens is large, and one function's.
func TestOnlyTheAuthorizerChecksIssuers(t *testing.T) {
	t.Parallel()
	for _, f := range lambdas.Declared().Functions {
		out, err := exec.Command("go", "list", "-f", `{{join .Deps " "}}`, "./"+f.Name).Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "go-oidc") && !f.Authorizes {
			t.Errorf("%s is built with go-oidc", f.Name)
		}
	}
}

// dependencies are the packages of this folder that each function's main imports,
// and those that it is built with, by their path here; "" is the declaration.
func dependencies(t *testing.T) (imports, deps map[string][]string) {
	t.Helper()
	args := []string{"list", "-f", `{{.ImportPath}};{{join .Imports " "}};{{join .Deps " "}}`, "."}
	for _, name := range lambdas.Declared().FunctionNames() {
		args = append(args, "./"+name)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	folder, _, _ := strings.Cut(lines[0], ";")
	here := func(list string) (all []string) {
		for _, name := range strings.Fields(list) {
			if rest, within := strings.CutPrefix(name, folder); within && (rest == "" || rest[0] == '/') {
				all = append(all, strings.TrimPrefix(rest, "/"))
			}
		}
		return all
	}
	imports, deps = map[string][]string{}, map[string][]string{}
	for _, line := range lines[1:] {
		parts := strings.Split(line, ";")
		function := path.Base(parts[0])
		imports[function], deps[function] = here(parts[1]), here(parts[2])
	}
	return imports, deps
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
