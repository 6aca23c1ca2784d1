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
	"regexp"
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
	for _, f := range lambdas.Functions() {
		want = append(want, filepath.Join(f.Name, "main.go"))
	}
	slices.Sort(want)
	if !slices.Equal(mains, want) {
		t.Errorf("folders %v, functions %v", mains, want)
	}
}

func TestDeclaration(t *testing.T) {
	t.Parallel()
	route := regexp.MustCompile(`^(GET|POST|PUT|DELETE) (/[a-z]+|/\{[a-z]+\})+$`)
	action := regexp.MustCompile(`^dynamodb:[A-Z][A-Za-z]+$`)
	seen := map[string]bool{}
	for _, f := range lambdas.Functions() {
		if len(f.Routes) == 0 {
			t.Errorf("%s has no route", f.Name)
		}
		for _, r := range f.Routes {
			if !route.MatchString(r) || seen[r] {
				t.Errorf("%s: the route %q is malformed, or there twice", f.Name, r)
			}
			seen[r] = true
		}
		for _, a := range slices.Concat(f.TableActions, f.IndexActions) {
			if !action.MatchString(a) {
				t.Errorf("%s: %q is not one action", f.Name, a)
			}
		}
	}
}

// An edit of one handler changes exactly one function: the source a function
// is built from holds its own handler and no other. It does not hold the
// declaration either, so a new route or right is built into nothing.
func TestEachFunctionHasItsHandlerAlone(t *testing.T) {
	t.Parallel()
	const shared = "skiff/lambdas/items"
	handlers := map[string]string{
		"create-item": "create", "get-item": "get", "list-items": "list", "update-item": "update", "delete-item": "remove", "health": "health",
	}
	var mains []string
	for _, f := range lambdas.Functions() {
		mains = append(mains, "./"+f.Name)
	}
	list := exec.Command("go", append([]string{"list", "-f", `{{.ImportPath}} {{join .Deps " "}}`}, mains...)...)
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %s", list, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(mains) {
		t.Fatalf("go list tells of %d packages, not %d", len(lines), len(mains))
	}
	for _, line := range lines {
		main, deps, _ := strings.Cut(line, " ")
		function := path.Base(main)
		var own []string
		for _, dep := range strings.Fields(deps) {
			if strings.HasPrefix(dep, shared+"/") {
				own = append(own, strings.TrimPrefix(dep, shared+"/"))
			}
			if dep == "skiff/lambdas" {
				t.Errorf("%s is built with the declaration; names that it needs are in skiff/lambdas/names", function)
			}
		}
		if handler := handlers[function]; !slices.Equal(own, []string{handler}) {
			t.Errorf("%s is built with the packages %v of %s, and its handler is %q", function, own, shared, handler)
		}
	}
}

// A cold start loads the binary: its size is time. The flags are those of the
// deployed build.
func TestGetItemIsSmall(t *testing.T) {
	t.Parallel()
	const limit = 3_100_000
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", bootstrap, "./get-item")
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
	t.Logf("get-item.zip has %d bytes", file.Len())
	if file.Len() > limit {
		t.Errorf("get-item.zip has %d bytes, the limit is %d", file.Len(), limit)
	}
}
