package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"up --yes": true, "--stack x update --yes": true, "destroy --yes --skip-preview": true, "destroy --remove": true,
		"up --target urn:x": false, "up -t urn:x": false, "up --exclude=urn:x": false, "destroy --preview-only": false,
		"destroy --exclude-protected": false, "preview": false, "refresh --yes": false, "import a b c": false, "watch": false,
	} {
		if got := complete(strings.Fields(args)); got != want {
			t.Errorf("%q: %t", args, got)
		}
	}
}

// TestUnlock removes the lock of an ended process, and no other.
func TestUnlock(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		pid  int
		host string
		cli  string
		busy bool
	}{
		{"gone", gone.Process.Pid, host, exe, false},
		{"another machine's", gone.Process.Pid, "runner-7", exe, true},
		{"at work", os.Getpid(), host, exe, true},
	} {
		e := &engine{project: project{Name: "p", state: t.TempDir()}, path: test.cli}
		file := filepath.Join(e.project.backend(), ".pulumi", "locks", "organization", "p", "x", "1.json")
		data, err := json.Marshal(map[string]any{"pid": test.pid, "hostname": test.host})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		busy, here, err := e.unlock("x")
		_, statErr := os.Stat(file)
		if err != nil || busy != test.busy || (statErr == nil) != test.busy || here != (test.busy && test.host == host) {
			t.Errorf("%s: busy %t, %v; the lock: %v", test.name, busy, err, statErr)
		}
	}
}
