package dynoxide

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"skiff/local/process/child/childtest"
	"skiff/local/process/npm"
)

func TestInstallsAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			binary, err := Install(context.Background(), dir, io.Discard)
			if err != nil {
				t.Error(err)
				return
			}
			s, err := Start(context.Background(), Options{Binary: binary})
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	group.Wait()
	var line bytes.Buffer
	if _, err := Install(t.Context(), dir, &line); err != nil || line.Len() > 0 {
		t.Errorf("a third install: %v, progress %q", err, line.String())
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left in the cache: %v", left)
	}
}

func TestNodeMissingOrOld(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	check := func(want string) {
		t.Helper()
		if _, err := Install(t.Context(), t.TempDir(), io.Discard); !errors.Is(err, npm.ErrNoNode) || !strings.Contains(err.Error(), want) {
			t.Errorf("install: %v", err)
		}
	}
	check("no node on PATH")
	script := func(name, body string) {
		t.Helper()
		if err := childtest.Script(filepath.Join(bin, name), body); err != nil {
			t.Fatal(err)
		}
	}
	script("node", "echo v18.20.1\n")
	check("no npm on PATH")
	script("npm", "exit 1\n")
	check("v18.20.1")
	script("node", "echo v20.0.0\n")
	script("npm", "echo no such host >&2; exit 1\n")
	if _, err := Install(t.Context(), t.TempDir(), io.Discard); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("a failing npm: %v", err)
	}
	// If npm skips the package, it is not installed.
	script("npm", "exit 0\n")
	if _, err := Install(t.Context(), t.TempDir(), io.Discard); err == nil {
		t.Error("npm installed nothing, and Install did not fail")
	}
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"} {
		b, err := buildFor(platform)
		if err != nil {
			t.Error(err)
		}
		_, lock, err := b.files()
		if pinned := fmt.Sprintf(`"node_modules/%s"`, b.Module); err != nil || !strings.Contains(string(lock), pinned) || !strings.Contains(string(lock), b.Integrity) {
			t.Errorf("%s has the lock %s, %v", platform, lock, err)
		}
	}
	_, err := buildFor("plan9/386")
	if err == nil || !strings.Contains(err.Error(), "for plan9/386, only for darwin/amd64, darwin/arm64, linux/amd64, linux/arm64: ") || !strings.Contains(err.Error(), "-dynamodb http://127.0.0.1:PORT") {
		t.Errorf("another platform: %v", err)
	}
}

// TestDigest checks that an archive with another digest than the pinned one is
// refused. For a build without a digest, npm uses the registry's.
func TestDigest(t *testing.T) {
	t.Parallel()
	b, err := buildFor(runtime.GOOS + "/" + runtime.GOARCH)
	if err != nil || b.Integrity == "" {
		t.Skipf("there is no digest for this platform: %v", err)
	}
	install := func(integrity string) error {
		changed := build{Module: b.Module, Integrity: integrity}
		_, err := changed.install(t.Context(), t.TempDir(), io.Discard)
		return err
	}
	if err := install(strings.Replace(b.Integrity, "sha512-s", "sha512-t", 1)); err == nil || !strings.Contains(err.Error(), "EINTEGRITY") {
		t.Errorf("another digest: %v", err)
	}
	if err := install(""); err != nil {
		t.Errorf("no digest: %v", err)
	}
}
