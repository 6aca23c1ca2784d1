package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"skiff/local/engine/gobuild"
	"skiff/local/engine/progress"
	"skiff/local/process/child/childtest"
)

// script writes an executable shell script to a folder.
func script(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := childtest.Script(path, text); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNewEnough(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		want         bool
	}{
		{"older", "echo v3.249.9", false},
		{"equal", "echo v" + Version, true},
		{"newer", "echo v3.1000.0", true},
		{"newer, no v", "echo 4.0.0", true},
		{"development build of it", "echo v" + Version + "-dev", false},
		{"asks not for updates", `[ "$PULUMI_SKIP_UPDATE_CHECK" = true ] && [ "$*" = version ] && echo v` + Version, true},
		{"a warning besides", "echo warning >&2; echo v" + Version, true},
		{"garbage", "echo no version", false},
		{"nothing", "exit 0", false},
		{"fails", "echo v" + Version + "; exit 1", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := newEnough(t.Context(), script(t, t.TempDir(), "pulumi", test.script)); got != test.want {
				t.Errorf("new enough: %v", got)
			}
		})
	}
	if newEnough(t.Context(), filepath.Join(t.TempDir(), "none")) {
		t.Error("a missing CLI is new enough")
	}
}

// TestHangingCLI runs a CLI whose child also keeps the output open.
func TestHangingCLI(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	started := time.Now()
	if newEnough(ctx, script(t, t.TempDir(), "pulumi", "sleep 1000 & sleep 1000")) {
		t.Error("a CLI that does not answer is new enough")
	}
	if took := time.Since(started); took > answerLimit {
		t.Errorf("took %s", took)
	}
}

// useScripts puts scripts first on PATH and sets a separate Pulumi home.
// Without a script named node, node fails.
func useScripts(t *testing.T, scripts map[string]string) (bin string) {
	t.Helper()
	bin = t.TempDir()
	script(t, bin, "node", "echo no node >&2; exit 1")
	for name, text := range scripts {
		script(t, bin, name, text)
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	t.Setenv("PULUMI_HOME", filepath.Join(bin, "home"))
	return bin
}

// find runs Find with only the scripts on PATH.
func find(t *testing.T, scripts map[string]string) (path, cache, said string, err error) {
	t.Helper()
	useScripts(t, scripts)
	cache = t.TempDir()
	var out bytes.Buffer
	path, err = Find(t.Context(), cache, nil, progress.Log(&out).Task("the Pulumi CLI"))
	return path, cache, out.String(), err
}

func TestFindOnPath(t *testing.T) {
	path, cache, said, err := find(t, map[string]string{"pulumi": "echo v" + Version, "go": "exit 1"})
	if err != nil || filepath.Base(path) != "pulumi" || strings.HasPrefix(path, cache) || said != "" {
		t.Errorf("found %s, %v, and says %q", path, err, said)
	}
}

const fakeGo = `
printf 'go: downloading a\nb\nc\n' >&2
[ -f go.mod ] && [ -f go.sum ] && [ -f tools.go ] || exit 9
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\necho built\n' > "$2"
chmod +x "$2"`

func TestFindBuildsOnce(t *testing.T) {
	path, cache, said, err := find(t, map[string]string{"pulumi": "echo v1.0.0", "go": fakeGo})
	if err != nil || path != filepath.Join(cache, "pulumi-v"+Version, "pulumi") {
		t.Fatalf("found %s, %v", path, err)
	}
	for _, part := range []string{"the Pulumi CLI: building v" + Version, "once", "2 of about 1650 packages compiled"} {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q:\n%s", part, said)
		}
	}
	if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), "echo built") {
		t.Errorf("the CLI is %q, %v", data, err)
	}
	// A CLI in the cache is used without a build.
	script(t, strings.Split(os.Getenv("PATH"), ":")[0], "go", "exit 1")
	var out bytes.Buffer
	if again, err := Find(t.Context(), cache, nil, progress.Log(&out).Task("")); err != nil || again != path || out.Len() > 0 {
		t.Errorf("again: %s, %v, and says %q", again, err, &out)
	}
}

func TestFailingBuild(t *testing.T) {
	_, cache, _, err := find(t, map[string]string{"pulumi": "exit 1", "go": "echo compiled; echo 'proxy: no route to host' >&2; touch pulumi; exit 1"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"build the Pulumi CLI v" + Version, "exit status 1", "proxy: no route to host", "try again"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
	if got := left(t, cache); !slices.Equal(got, []string{"pulumi.lock"}) {
		t.Errorf("left behind: %v", got)
	}
}

func TestKilledBuildIsTidied(t *testing.T) {
	cache := t.TempDir()
	old := filepath.Join(cache, "pulumi-v"+Version, "build-1234")
	if err := os.MkdirAll(old, 0o755); err != nil {
		t.Fatal(err)
	}
	useScripts(t, map[string]string{"go": fakeGo})
	if _, err := Find(t.Context(), cache, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := left(t, cache); !slices.Equal(got, []string{"pulumi", "pulumi.lock"}) {
		t.Errorf("left behind: %v", got)
	}
}

func TestCancelledBuild(t *testing.T) {
	bin, cache := useScripts(t, nil), t.TempDir()
	ready := filepath.Join(bin, "ready")
	script(t, bin, "go", "touch "+ready+"; while :; do sleep 0.01; done")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := Find(ctx, cache, nil, nil)
		done <- err
	}()
	for _, err := os.Stat(ready); errors.Is(err, fs.ErrNotExist); _, err = os.Stat(ready) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := left(t, cache); !slices.Equal(got, []string{"pulumi.lock"}) {
		t.Errorf("left behind: %v", got)
	}
}

// TestBuildWaits checks that a build starts only when the program is compiled.
func TestBuildWaits(t *testing.T) {
	bin, cache := useScripts(t, nil), t.TempDir()
	compiled := make(chan struct{})
	script(t, bin, "go", "[ -f "+bin+"/compiled ] || exit 8"+fakeGo)
	var out waiting
	done := make(chan error, 1)
	go func() {
		_, err := Find(t.Context(), cache, compiled, progress.Log(&out).Task("the Pulumi CLI"))
		done <- err
	}()
	for !out.says("waiting for the program") && len(done) == 0 {
		time.Sleep(time.Millisecond)
	}
	script(t, bin, "compiled", "")
	close(compiled)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(ctx, t.TempDir(), make(chan struct{}), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupt while it waits: %v", err)
	}
}

// waiting collects output that another goroutine writes.
type waiting struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (w *waiting) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(data)
}

func (w *waiting) says(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.out.String(), text)
}

func TestNoGo(t *testing.T) {
	t.Setenv("PULUMI_HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(t.Context(), t.TempDir(), nil, nil); !errors.Is(err, gobuild.ErrNoGo) {
		t.Errorf("error %v, want gobuild.ErrNoGo", err)
	}
}

// left returns the file names in the folder of this version.
func left(t *testing.T, cache string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(cache, "pulumi-v"+Version))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
