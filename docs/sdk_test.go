package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"skiff/local/engine/provider"
)

// sdks returns the path of each provider's Go SDK.
func sdks() map[string]string {
	return map[string]string{
		"aws":     "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/",
		"command": "github.com/pulumi/pulumi-command/sdk/go/command/",
	}
}

// sdkPlace returns where the Go SDK declares the inputs of a type: the package,
// the file without its extension, and the struct.
func sdkPlace(typ string) (pkg, file, args string) {
	parts := strings.Split(typ, ":") // aws, lambda/function, Function
	module, file, ok := strings.Cut(parts[1], "/")
	args = strings.ToLower(parts[2][:1]) + parts[2][1:]
	if !ok {
		file = args
	}
	return sdks()[parts[0]] + module, file, args + "Args"
}

// sdkDirs returns the folders of the SDK's packages for the types, by package.
// It compiles none of them.
func sdkDirs(t *testing.T, types []provider.Type) map[string]string {
	t.Helper()
	args := []string{"list", "-find", "-f", "{{.ImportPath}} {{.Dir}}"}
	for _, typ := range types {
		if pkg, _, _ := sdkPlace(typ.Token); !slices.Contains(args, pkg) {
			args = append(args, pkg)
		}
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("find the provider's SDK, to compare the pages with it: go %s: %v", strings.Join(args, " "), err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		pkg, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		dirs[pkg] = dir
	}
	return dirs
}

// refused returns the properties of a type that the real provider has and the
// local cloud does not. The test fails for a property that only the local cloud
// has.
func refused(t *testing.T, dirs map[string]string, typ provider.Type) []string {
	t.Helper()
	real := sdkProperties(t, dirs, typ.Token)
	var known, missing []string
	for _, p := range typ.Inputs {
		known = append(known, p.Name)
		if !slices.Contains(real, p.Name) {
			t.Errorf("%s: the provider's SDK has no property %s", typ.Token, p.Name)
		}
	}
	for _, name := range real {
		if !slices.Contains(known, name) {
			missing = append(missing, "`"+name+"`")
		}
	}
	slices.Sort(missing)
	return missing
}

// sdkProperties returns the inputs of a type from the tags of its struct in the
// Go SDK, such as functionArgs in lambda/function.go.
func sdkProperties(t *testing.T, dirs map[string]string, typ string) []string {
	t.Helper()
	pkg, name, args := sdkPlace(typ)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dirs[pkg], name+".go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != args {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			tag, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, reflect.StructTag(tag).Get("pulumi"))
		}
		return false
	})
	if len(names) == 0 {
		t.Fatalf("package %s has no type %s", pkg, args)
	}
	return names
}
