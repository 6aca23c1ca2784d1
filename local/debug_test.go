package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"skiff/local/engine/delve"
	"skiff/local/process/npm"
)

// TestDebug stops a request at a breakpoint in its handler.
func TestDebug(t *testing.T) {
	if testing.Short() {
		t.Skip("Delve may have to be built")
	}
	t.Parallel()
	needs(t, "GET /health")
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dlv, err := delve.Find(t.Context(), cache, nil)
	if err != nil {
		t.Skipf("there is no Delve: %v", err)
	}
	dir := built(t)
	s := serving(t, dir, "-debug", "health")
	said := s.says(t, "function health waits for a debugger at ")
	_, rest, _ := strings.Cut(said, "function health waits for a debugger at ")
	addr, _, _ := strings.Cut(rest, "\n")

	answered := make(chan answer, 2)
	for range cap(answered) { // one request waits for the other
		go func() { answered <- request(t, http.MethodGet, s.url+"/health", "") }()
	}
	script := filepath.Join(t.TempDir(), "script")
	commands := "break " + handler + ":14\ncontinue\nprint \"stopped here\"\nstack 1\nclearall\nexit -c\n"
	if err := os.WriteFile(script, []byte(commands), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), commandLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, dlv, "connect", addr, "--init", script).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "stopped here") || !strings.Contains(string(out), "health.Handle") {
		t.Fatalf("the debugger does not stop in the handler: %v\n%s\n%s", err, out, s.errors())
	}
	for range cap(answered) {
		if a := <-answered; a.status != http.StatusOK || a.body != before {
			t.Errorf("after the debugger has gone the function answers %d %s", a.status, a.body)
		}
	}
	s.stop(syscall.SIGINT)
	nothingLeft(t, filepath.Join(dir, ".local"), s.url)
}

func TestDebugRefuses(t *testing.T) {
	t.Parallel()
	needs(t, "GET /health")
	dir := built(t)
	s := start(t, dir, "-addr", "127.0.0.1:0", "-debug", "none")
	<-s.ended
	if errs := s.errors(); !strings.Contains(errs, `-debug: there is no function "none"; the functions are authorize, `) {
		t.Errorf("a function that is not there:\n%s", errs)
	}
}
