package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/engine/progress"
)

// fakeNPM installs the installer, and fakeNode runs it. fakeNode writes a CLI
// where Pulumi's installer does. Without the variable PULUMI_VERSION, it writes
// another version.
const (
	fakeNPM  = `mkdir -p node_modules/pulumi && cp package.json node_modules/pulumi/`
	fakeNode = `
if [ "$1" = --version ]; then echo v20.0.0; exit; fi
[ "$2" = version ] || exit 9
dir="$PULUMI_HOME/versions/$PULUMI_VERSION/bin"
mkdir -p "$dir"
printf '#!/bin/sh\necho v` + Version + `\n' > "$dir/pulumi"
chmod +x "$dir/pulumi"`
)

func TestFindInstalls(t *testing.T) {
	path, cache, said, err := find(t, map[string]string{"npm": fakeNPM, "node": fakeNode, "go": "exit 1"})
	want := filepath.Join(os.Getenv("PULUMI_HOME"), "versions", Version, "bin", "pulumi")
	if err != nil || path != want {
		t.Fatalf("found %s, %v", path, err)
	}
	if !strings.Contains(said, "Pulumi's installer downloads v"+Version) || !strings.Contains(said, filepath.Dir(want)) {
		t.Errorf("says %q", said)
	}
	// The CLI is used without another install, also by a project whose cache is
	// empty.
	script(t, strings.Split(os.Getenv("PATH"), ":")[0], "node", "exit 1")
	for _, cache := range []string{cache, t.TempDir()} {
		var out bytes.Buffer
		if again, err := Find(t.Context(), cache, nil, progress.Log(&out).Task("")); err != nil || again != path || out.Len() > 0 {
			t.Errorf("again: %s, %v, and says %q", again, err, &out)
		}
	}
}

// TestInstallerFails checks that the CLI is built if the installer cannot
// download, or leaves no CLI that works.
func TestInstallerFails(t *testing.T) {
	for name, test := range map[string]struct{ node, says string }{
		"no network": {`[ "$1" = --version ] && echo v20.0.0 && exit; echo 'Downloading'; echo 'pulumi: fetch failed' >&2; exit 1`, "(exit status 1: pulumi: fetch failed); building the CLI instead"},
		"no CLI":     {`[ "$1" = --version ] && echo v20.0.0; exit 0`, "the installer left no working CLI at "},
		"old Node":   {`[ "$1" = --version ] && echo v16.0.0`, "node on PATH is v16.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			path, cache, said, err := find(t, map[string]string{"npm": fakeNPM, "node": test.node, "go": fakeGo})
			if err != nil || path != builtPath(cache) || !strings.Contains(said, test.says) {
				t.Errorf("found %s, %v, and says %q", path, err, said)
			}
		})
	}
}

// TestInstallerVersion checks that the pinned installer has the version of the
// CLI.
func TestInstallerVersion(t *testing.T) {
	t.Parallel()
	var lock struct {
		Packages map[string]struct{ Version, Integrity string }
	}
	if err := json.Unmarshal(installerLock, &lock); err != nil {
		t.Fatal(err)
	}
	pinned := lock.Packages["node_modules/pulumi"]
	if pinned.Version != Version || !strings.HasPrefix(pinned.Integrity, "sha512-") || !strings.Contains(string(installerManifest), `"pulumi": "`+Version+`"`) {
		t.Errorf("the installer is version %s with digest %q, for CLI %s", pinned.Version, pinned.Integrity, Version)
	}
}
