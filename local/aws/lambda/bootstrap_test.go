package lambda_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"skiff/local/aws/lambda"
)

// TestBootstrapFaults checks the error that the caller gets, as on AWS, and the
// advice in the log.
func TestBootstrapFaults(t *testing.T) {
	t.Parallel()
	other := "arm64"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	machine := runtime.GOOS + "/" + runtime.GOARCH
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		message string
		advice  string
	}{
		{"missing", func(*testing.T, string) {},
			"Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
			"function tester has no bootstrap: put an executable file of that name at the root of its zip"},
		{"a folder", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o755)) },
			"Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
			"has no bootstrap"},
		{"not executable", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o644)) },
			"fork/exec /var/task/bootstrap: permission denied",
			"bootstrap is not executable; give it mode 0755 in the zip"},
		{"no program", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("hello"), 0o755)) },
			"fork/exec /var/task/bootstrap: exec format error",
			"bootstrap is not an executable that this machine (" + machine + ") can run"},
		{"no interpreter", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("#!/no/such/shell\n"), 0o755)) },
			"fork/exec /var/task/bootstrap: no such file or directory",
			"bootstrap needs an interpreter or a loader that is not on this machine"},
		{"another machine", func(t *testing.T, path string) { build(t, path, "linux", other) },
			"fork/exec /var/task/bootstrap: exec format error",
			"bootstrap is built for linux/" + other + "; this machine is " + machine},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, lambda.Options{})
			dir := t.TempDir()
			c.prepare(t, filepath.Join(dir, "bootstrap"))
			v := f.with(func(v *lambda.Version) { v.Dir = dir })
			wantFailure(t, f.do(t, v, `{}`), `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ID Error: `+c.message+`"}`)
			if !strings.Contains(f.text(), c.advice) {
				t.Errorf("log lacks %q:\n%s", c.advice, f.text())
			}
		})
	}
}

// build compiles a program without imports, so that only the Go runtime needs
// to be compiled for the other machine.
func build(t *testing.T, path, system, machine string) {
	t.Helper()
	source := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600))
	cmd := exec.Command("go", "build", "-o", path, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+machine)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
