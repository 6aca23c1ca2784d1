package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPulumiScript checks that a pulumi started by a job does not find the
// script on its PATH. Otherwise it would start itself dozens of times. It also
// checks that the arguments arrive unchanged.
func TestPulumiScript(t *testing.T) {
	t.Parallel()
	dir, path := t.TempDir(), os.Getenv("PATH")
	self, script := filepath.Join(dir, "it's me"), filepath.Join(dir, "pulumi")
	for file, text := range map[string]string{
		self:   "#!/bin/sh\nprintf '%s|' \"$PATH\" \"$@\"\n",
		script: pulumiScript(self, "/a state", path),
	} {
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(script, "stack", "output", "a b")
	cmd.Env = []string{"PATH=" + dir + string(os.PathListSeparator) + path}
	out, err := cmd.CombinedOutput()
	if want := path + "|-state|/a state|-assume|pulumi|stack|output|a b|"; err != nil || string(out) != want {
		t.Errorf("%v, %q, want %q", err, out, want)
	}
}
