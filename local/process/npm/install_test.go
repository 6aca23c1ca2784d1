package npm

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/process/child/childtest"
)

// TestKilledInstalls checks that the folder of an old killed install is
// removed, and the folder of a running install stays.
func TestKilledInstalls(t *testing.T) {
	dir := t.TempDir()
	bin := t.TempDir()
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	for name, body := range map[string]string{
		"node": "echo v20.0.0\n",
		"npm":  "mkdir -p node_modules/thing; echo '{}' > node_modules/thing/package.json; cp package.json package-lock.json ..\n",
	} {
		if err := childtest.Script(filepath.Join(bin, name), body); err != nil {
			t.Fatal(err)
		}
	}
	for name, old := range map[string]bool{".thing-old": true, ".thing-new": false, ".other-old": true} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if old {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, info.ModTime().AddDate(0, 0, -1), info.ModTime().AddDate(0, 0, -1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := Package{Name: "thing", Purpose: "for this test", Manifest: []byte("manifest"), Lock: []byte("lock")}
	var progress strings.Builder
	home, err := p.Install(t.Context(), dir, &progress)
	if err != nil || !strings.Contains(progress.String(), "installing thing, for this test, into "+home) {
		t.Fatalf("%s, %v, progress %q", home, err, progress.String())
	}
	for name, there := range map[string]bool{".thing-old": false, ".thing-new": true, ".other-old": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
	if data, err := os.ReadFile(filepath.Join(dir, "package-lock.json")); string(data) != "lock" {
		t.Errorf("npm had the lock %q, %v", data, err)
	}
	p.Lock = []byte("another")
	if other, err := p.Install(t.Context(), dir, io.Discard); err != nil || other == home {
		t.Errorf("another lock is in %s, %v", other, err)
	}
	t.Setenv("PATH", "")
	if again, err := p.Install(t.Context(), dir, io.Discard); err != nil {
		t.Errorf("installed already: %s, %v", again, err)
	}
	p.Name = "absent"
	if _, err := p.Install(t.Context(), dir, io.Discard); !errors.Is(err, ErrNoNode) || !strings.HasPrefix(err.Error(), "absent: ") {
		t.Errorf("without Node.js: %v", err)
	}
}
