package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/blang/semver"
)

// TestVersions checks that no module of the project is older than in the CLI's
// build. Otherwise a first start compiles its packages twice.
func TestVersions(t *testing.T) {
	t.Parallel()
	project, err := os.ReadFile(filepath.Join("..", "..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	own, shared := versions(t, project), 0
	for path, cli := range versions(t, module) {
		v, ok := own[path]
		if !ok {
			continue
		}
		shared++
		if v.LT(cli) {
			t.Errorf("go.mod has %s v%s, and the CLI needs v%s: go get %[1]s@v%[3]s", path, v, cli)
		}
	}
	if shared < 100 {
		t.Errorf("go.mod and pulumi.mod share %d modules", shared)
	}
}

// TestUnshared checks that the project has none of the packages that the CLI's
// build compiles with its own flags. Otherwise a first start compiles them and
// what imports them twice.
func TestUnshared(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-deps", "./infra", "./local")
	cmd.Dir = filepath.Join("..", "..", "..")
	packages, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range unshared() {
		if !bytes.Contains(module, []byte(path)) {
			t.Errorf("pulumi.mod requires no module of %s", path)
		}
		for pkg := range strings.Lines(string(packages)) {
			if strings.HasPrefix(strings.TrimSpace(pkg)+"/", path+"/") {
				t.Errorf("the project imports %s", pkg)
			}
		}
	}
}

// versions returns the versions in a go.mod, by module.
func versions(t *testing.T, mod []byte) map[string]semver.Version {
	t.Helper()
	all := map[string]semver.Version{}
	for line := range strings.Lines(string(mod)) {
		words := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(words) < 2 || !strings.HasPrefix(words[1], "v") {
			continue
		}
		v, err := semver.ParseTolerant(strings.TrimSuffix(words[1], "+incompatible"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all[words[0]] = v
	}
	return all
}
