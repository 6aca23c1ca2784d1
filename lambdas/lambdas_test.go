package lambdas_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
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

// resources are those there are, each with the services whose actions it takes.
func resources() map[lambdas.Resource]string {
	return map[lambdas.Resource]string{
		lambdas.ItemsTable: "dynamodb", lambdas.StatusIndex: "dynamodb", lambdas.ConnectionsTable: "dynamodb",
		lambdas.EventQueue: "sqs", lambdas.TokenKey: "secretsmanager", lambdas.CursorKey: "secretsmanager",
		lambdas.Connections: "execute-api",
	}
}

// check tells what is wrong with a declaration.
func check(functions []lambdas.Function) []string {
	route := regexp.MustCompile(`^(GET|POST|PUT|DELETE) (/[a-z]+|/\{[a-z]+\})+$`)
	socket := regexp.MustCompile(`^(\$connect|\$disconnect|\$default|[a-z]+)$`)
	action := regexp.MustCompile(`^([a-z-]+):[A-Z][A-Za-z]+$`)
	var wrong []string
	seen := map[string]bool{}
	once := func(f lambdas.Function, what string, valid bool) {
		if !valid || seen[what] {
			wrong = append(wrong, fmt.Sprintf("%s: %q is malformed, or there twice", f.Name, what))
		}
		seen[what] = true
	}
	authorizers, workers := 0, 0
	for _, f := range functions {
		once(f, f.Name, f.Name != "")
		for _, r := range slices.Concat(f.Routes, f.PublicRoutes) {
			once(f, r, route.MatchString(r))
		}
		for _, r := range f.SocketRoutes {
			once(f, "socket "+r, socket.MatchString(r))
		}
		called := len(f.Routes) + len(f.PublicRoutes) + len(f.SocketRoutes)
		if f.Consumes {
			workers++
			called++
		}
		if f.Authorizes {
			authorizers++
			if called > 0 {
				wrong = append(wrong, f.Name+" authorizes, and something else calls it")
			}
		} else if called == 0 {
			wrong = append(wrong, f.Name+" is called by nothing")
		}
		for resource, actions := range f.Rights {
			for _, a := range actions {
				once(f, fmt.Sprintf("%s %s %s", f.Name, resource, a), resources()[resource] != "" && strings.HasPrefix(a, resources()[resource]+":") && action.MatchString(a))
			}
			if len(actions) == 0 {
				wrong = append(wrong, fmt.Sprintf("%s: no action on the %s", f.Name, resource))
			}
		}
	}
	if authorizers != 1 || workers > 1 {
		wrong = append(wrong, fmt.Sprintf("%d functions authorize, %d consume", authorizers, workers))
	}
	return wrong
}

func TestDeclaration(t *testing.T) {
	t.Parallel()
	for _, wrong := range check(lambdas.Functions()) {
		t.Error(wrong)
	}
}

// The check of the declaration finds what it is there for.
func TestDeclarationIsChecked(t *testing.T) {
	t.Parallel()
	rights := func(r lambdas.Resource, actions ...string) lambdas.Function {
		return lambdas.Function{Name: "f", Routes: []string{"GET /f"}, Rights: map[lambdas.Resource][]string{r: actions}}
	}
	for want, f := range map[string]lambdas.Function{
		`f: "GET items" is malformed`:                     {Name: "f", Routes: []string{"GET items"}},
		`f: "GET /items" is malformed, or there twice`:    {Name: "f", PublicRoutes: []string{"GET /items"}},
		`f: "socket $conect" is malformed`:                {Name: "f", SocketRoutes: []string{"$conect"}},
		`health: "health" is malformed, or there twice`:   {Name: "health", Routes: []string{"GET /h"}},
		"f is called by nothing":                          {Name: "f"},
		"f authorizes, and something else calls it":       {Name: "f", Authorizes: true, Consumes: true},
		"2 functions authorize, 1 consume":                {Name: "f", Authorizes: true},
		"1 functions authorize, 2 consume":                {Name: "f", Consumes: true},
		`f: "f items table dynamodb:*" is malformed`:      rights(lambdas.ItemsTable, "dynamodb:*"),
		`f: "f items table sqs:SendMessage" is malformed`: rights(lambdas.ItemsTable, "sqs:SendMessage"),
		`f: "f a bucket s3:GetObject" is malformed`:       rights("a bucket", "s3:GetObject"),
		`f: "f event queue sqs:SendMessage" is malformed`: rights(lambdas.EventQueue, "sqs:SendMessage", "sqs:SendMessage"),
		"f: no action on the token key":                   rights(lambdas.TokenKey),
	} {
		if wrong := check(append(lambdas.Functions(), f)); !slices.ContainsFunc(wrong, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("%+v: %v, want %q", f, wrong, want)
		}
	}
}

// builtWith are the packages of this folder that each function is built with.
func builtWith() map[string][]string {
	items := func(own ...string) []string {
		return slices.Sorted(slices.Values(append([]string{"event", "function", "items", "names", "table"}, own...)))
	}
	return map[string][]string{
		"create-item": items("items/create", "queue"), "update-item": items("items/update", "queue"), "delete-item": items("items/remove", "queue"),
		"get-item": items("items/get"), "list-items": items("items/list", "secret"), "health": items("items/health"),
		"authorize": {"authorizer", "function", "names", "secret", "tokens"},
		"socket":    {"connections", "function", "names", "sockets", "table"},
		"notify":    {"connections", "event", "function", "names", "notifier", "table"},
	}
}

// An edit of one handler changes exactly one function: the source a function
// is built from holds its own handler and no other. It does not hold the
// declaration either, so a new route or right is built into nothing.
func TestEachFunctionHasItsHandlerAlone(t *testing.T) {
	t.Parallel()
	folder := reflect.TypeFor[lambdas.Function]().PkgPath()
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
			if name, found := strings.CutPrefix(dep, folder+"/"); found {
				own = append(own, name)
			}
			if dep == folder {
				t.Errorf("%s is built with the declaration; names that it needs are in %s/names", function, folder)
			}
			if strings.Contains(dep, "go-oidc") && function != "authorize" {
				t.Errorf("%s is built with %s, which is large", function, dep)
			}
		}
		if want := builtWith()[function]; !slices.Equal(own, want) {
			t.Errorf("%s is built with %v, want %v", function, own, want)
		}
	}
}

// sizes are the largest that zips may have, in bytes. A cold start loads the
// binary: its size is time.
func sizes() map[string]int {
	return map[string]int{
		"get-item": 3_100_000,
	}
}

func TestZipsAreSmall(t *testing.T) {
	t.Parallel()
	for function, limit := range sizes() {
		size := zipSize(t, function)
		t.Logf("%s.zip has %d bytes", function, size)
		if size > limit {
			t.Errorf("%s.zip has %d bytes, the limit is %d", function, size, limit)
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
