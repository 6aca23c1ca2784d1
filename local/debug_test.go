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

// TestDebug stops requests at a breakpoint in their handler, before and after
// edits.
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
	s := serving(t, dir, "-watch", "-debug", "health")
	said := s.says(t, "function health waits for a debugger at ")
	_, rest, _ := strings.Cut(said, "function health waits for a debugger at ")
	addr, _, _ := strings.Cut(rest, "\n")
	s.says(t, "folders are watched")
	s.breaks(t, dlv, addr, before)

	// Another process runs the new code, and waits at the same address.
	edit(t, filepath.Join(dir, handler), before, after)
	s.says(t, "function health waits for a debugger at "+addr)
	// No debugger has attached to it when the code changes again.
	edit(t, filepath.Join(dir, handler), after, `{"status":"newest"}`)
	s.says(t, "function health waits for a debugger at "+addr)
	s.breaks(t, dlv, addr, `{"status":"newest"}`)
	s.stop(syscall.SIGINT)
	nothingLeft(t, filepath.Join(dir, ".local"), s.url)
}

// breaks sends two requests, one of which waits for the other, stops them at a
// breakpoint in their handler, and checks their answers.
func (s *server) breaks(t *testing.T, dlv, addr, want string) {
	t.Helper()
	answered := make(chan answer, 2)
	for range cap(answered) {
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
		if a := <-answered; a.status != http.StatusOK || a.body != want {
			t.Errorf("after the debugger has gone the function answers %d %s", a.status, a.body)
		}
	}
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
