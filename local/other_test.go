package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOtherProject runs a project with another module, other names and an
// explicit provider. Its first preview runs before the zip exists.
func TestOtherProject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copyTree(t, filepath.Join("testdata", "other"), dir)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile("(?m)^module .*").ReplaceAll(data, []byte("module other"))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	state := t.TempDir()
	s := serving(t, dir, "-state", state)
	const want = "hello you/too at /v1/hello/you/too: AccessDeniedException"
	url := s.url + "/v1"
	if got := strings.TrimSpace(mustLocal(t, "-C", dir, "-state", state, "pulumi", "stack", "output", "url")); got != url {
		t.Errorf("the stage's URL is %s, not %s", got, url)
	}
	if a := request(t, http.MethodGet, url+"/hello/you/too", ""); a.status != http.StatusOK || a.body != want {
		t.Errorf("%d %q, not %q", a.status, a.body, want)
	}
	if files, err := os.ReadDir(dir); err != nil || strings.Contains(names(files), "Pulumi.local.yaml") || strings.Contains(names(files), ".local") {
		t.Errorf("the project's folder holds %s, %v", names(files), err)
	}
	name := filepath.Join(state, "logs", "aws", "lambda", "hello.log")
	log, err := os.ReadFile(name)
	for deadline := time.Now().Add(time.Minute); !bytes.Contains(log, []byte("REPORT RequestId")); log, err = os.ReadFile(name) {
		if time.Now().After(deadline) {
			t.Fatalf("the function's log: %v\n%s", err, log)
		}
		time.Sleep(every)
	}
	mustLocal(t, "-C", dir, "-state", state, "pulumi", "destroy", "--yes", "--skip-preview")
	s.stop(syscall.SIGTERM)
	nothingRuns(t, state)
}

func mustLocal(t *testing.T, args ...string) string {
	t.Helper()
	out, err := local(t, args...)
	if err != nil {
		t.Fatalf("local %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func names(entries []os.DirEntry) string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}
