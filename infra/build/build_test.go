package build

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestBuild(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	builds := counted(t, b)
	sum := mustBuild(t, b, "alpha")
	beta := mustBuild(t, b, "beta")
	if n := builds(); n != 1 {
		t.Errorf("%d go builds for three stale functions, want 1", n)
	}
	write(t, b.dist(), "work-1/alpha", "half a binary of a killed build")
	write(t, b.root, "lambdas/beta/main.go", "package main\n\nfunc main() { println(2) }\n")
	if mustBuild(t, b, "alpha") != sum {
		t.Error("an edit of beta changes alpha")
	}
	if n := builds(); n != 1 {
		t.Errorf("alpha is built again after an edit of beta")
	}
	if mustBuild(t, b, "beta") == beta {
		t.Error("an edit of beta does not change its zip")
	}
	if n := builds(); n != 2 {
		t.Errorf("%d go builds after an edit, want 2", n)
	}
	if left, _ := filepath.Glob(filepath.Join(b.dist(), "work-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestBuildWithDigest checks that Build with a digest does not run go list for
// an existing zip, and refuses source with another digest.
func TestBuildWithDigest(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	digest := digests(t, b)["alpha"]
	sum, err := b.Build(t.Context(), "alpha", digest)
	if err != nil {
		t.Fatal(err)
	}
	b.goTool = "no-such-go"
	if again, err := b.Build(t.Context(), "alpha", digest); err != nil || again != sum {
		t.Errorf("an existing zip: %s, %v", again, err)
	}
	b.goTool = "go"
	write(t, b.root, "lambdas/alpha/more.go", "package main\n\nvar More = 1\n")
	digest = digests(t, b)["alpha"]
	write(t, b.root, "lambdas/alpha/more.go", "package main\n\nvar More = 2\n")
	_, err = b.Build(t.Context(), "alpha", digest)
	if err == nil || err.Error() != "alpha: its source changed after this run began; run again" {
		t.Errorf("source that changed: %v", err)
	}
	if _, err := b.Build(t.Context(), "delta", ""); err == nil || err.Error() != "delta: no such function; the declaration has alpha, beta, gamma" {
		t.Errorf("unknown function: %v", err)
	}
}

// TestSourceChangesWhileCompiling saves a file during a compile. The zip of its
// function must not be recorded, and other functions are built.
func TestSourceChangesWhileCompiling(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	dir := t.TempDir()
	write(t, dir, "go", "#!/bin/sh\ngo \"$@\" && if [ \"$1\" = build ]; then echo 'package main' >lambdas/beta/more.go; fi\n")
	b.goTool = filepath.Join(dir, "go")
	if err := os.Chmod(b.goTool, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(t.Context(), "beta", ""); err == nil || err.Error() != "beta: its source changed after this run began; run again" {
		t.Errorf("beta: %v", err)
	}
	if _, ok := b.readRecord().Functions["beta"]; ok {
		t.Error("the zip of beta is recorded")
	}
	b.goTool = "no-such-go"
	if _, err := b.Build(t.Context(), "alpha", b.readRecord().Functions["alpha"].Digest); err != nil {
		t.Errorf("alpha: %v", err)
	}
}

// TestBuildReplaces checks that a wrong, truncated or missing zip and a damaged
// record are replaced.
func TestBuildReplaces(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	want := mustBuild(t, b, "alpha")
	for name, spoil := range map[string]func() error{
		"foreign zip":   func() error { return os.WriteFile(b.Zip("alpha"), []byte("foreign"), 0o644) },
		"truncated zip": func() error { return os.Truncate(b.Zip("alpha"), 1000) },
		"no zip":        func() error { return os.Remove(b.Zip("alpha")) },
		"zip of beta": func() error {
			data, err := os.ReadFile(b.Zip("beta"))
			return errors.Join(err, os.WriteFile(b.Zip("alpha"), data, 0o644))
		},
		"damaged record": func() error { return os.WriteFile(b.recordFile(), []byte("{\"Functions\":"), 0o644) },
		"no folder":      func() error { return os.RemoveAll(filepath.Join(b.root, ".build")) },
	} {
		for _, call := range []string{"Build", "Ensure"} {
			if err := spoil(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if call == "Ensure" {
				if zip, err := b.Ensure(t.Context(), "alpha", want); err != nil || zip != b.Zip("alpha") {
					t.Errorf("%s: Ensure: %s, %v", name, zip, err)
				}
			} else if got := mustBuild(t, b, "alpha"); got != want {
				t.Errorf("%s: Build: another zip", name)
			}
			if fileSum(b.Zip("alpha")) != want {
				t.Errorf("%s: the wrong zip is still there after %s", name, call)
			}
		}
	}
}

// TestStale checks that Stale returns all functions at first, then none, then
// those with changed source or a damaged zip.
func TestStale(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	want := func(when string, functions ...string) {
		t.Helper()
		if got, err := b.Stale(t.Context()); err != nil || !slices.Equal(got, functions) {
			t.Errorf("%s: %v, %v, want %v", when, got, err, functions)
		}
	}
	want("before a build", "alpha", "beta", "gamma")
	mustBuild(t, b, "alpha")
	want("after a build")
	write(t, b.root, "lambdas/beta/more.go", "package main\n")
	if err := os.Truncate(b.Zip("gamma"), 1000); err != nil {
		t.Fatal(err)
	}
	want("after an edit of beta", "beta", "gamma")
}

func TestEnsureRefuses(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	sum := mustBuild(t, b, "alpha")
	other := strings.Repeat("0", 64)
	_, err := b.Ensure(t.Context(), "alpha", other)
	want := "alpha: this source builds a zip with sha256 " + sum + ", but the state of the stack contains " + other +
		"; to build and deploy this source: pulumi up --stack STACK --replace '**command:local:Command::alpha'"
	if err == nil || err.Error() != want {
		t.Errorf("another sha256: %v", err)
	}
	_, err = b.Ensure(t.Context(), "alpha", "done")
	if err == nil || err.Error() != `alpha: the command that builds it printed "done", which is not a sha256` {
		t.Errorf("not a sha256: %v", err)
	}
}

// TestOneCompileForAll checks that one go build serves all callers at the same
// time, in one process or in several.
func TestOneCompileForAll(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	builds := counted(t, b)
	var wg sync.WaitGroup
	for i := range 12 {
		function := b.functions[i%3]
		wg.Go(func() {
			own := New(b.root, b.target, b.functions)
			own.goTool, own.env = b.goTool, b.env
			if i%2 == 0 {
				own = b
			}
			if _, err := own.Build(context.Background(), function, ""); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), b.env...)
			cmd.Env = append(cmd.Env, "BUILD_TEST_ROOT="+b.root, "BUILD_TEST_GO="+b.goTool, "BUILD_TEST_FUNCTION="+function)
			if out, err := cmd.Output(); err != nil || !isSum(string(out)) {
				t.Errorf("process for %s: %q, %v", function, out, err)
			}
		})
	}
	wg.Wait()
	if n := builds(); n != 1 {
		t.Errorf("%d go builds, want 1", n)
	}
}

// TestCompileError checks that one caller gets the compiler's message, and that
// functions without errors are built.
func TestCompileError(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	clock := time.Now()
	b.now = func() time.Time { return clock }
	builds := counted(t, b)
	write(t, b.root, "lambdas/beta/main.go", "package main\n\nfunc main() { undefined() }\n")
	write(t, b.root, "lambdas/gamma/main.go", "package main\n\nfunc main() { var unused int }\n")
	mustBuild(t, b, "alpha")
	full := "beta, gamma: go build for linux/arm64 failed:\n" +
		"# example/lambdas/beta\nlambdas/beta/main.go:3:15: undefined: undefined\n" +
		"# example/lambdas/gamma\nlambdas/gamma/main.go:3:19: declared and not used: unused"
	short := "beta: not built; the error of another function contains the compiler's message, and so does " + b.failedFile()
	_, err := b.Build(t.Context(), "gamma", "")
	if err == nil || sortedBlocks(err.Error()) != sortedBlocks(full) {
		t.Errorf("the first error is\n%v\nwant\n%s", err, full)
	}
	if _, err := b.Build(t.Context(), "beta", ""); err == nil || err.Error() != short {
		t.Errorf("the second error is\n%v\nwant\n%s", err, short)
	}
	if n := builds(); n != 1 {
		t.Errorf("%d go builds in one run, want 1", n)
	}
	if text := read(t, b.failedFile()); !strings.Contains(text, "undefined: undefined") {
		t.Errorf("kept message: %s", text)
	}
	clock = clock.Add(time.Minute)
	if _, err := b.Build(t.Context(), "beta", ""); err == nil || sortedBlocks(err.Error()) != sortedBlocks(full) {
		t.Errorf("the error of a later run is\n%v\nwant\n%s", err, full)
	}
	write(t, b.root, "lambdas/beta/main.go", source["lambdas/beta/main.go"])
	mustBuild(t, b, "beta")
}

// sortedBlocks sorts the messages by package, because the compiler prints them
// in any order.
func sortedBlocks(message string) string {
	head, rest, _ := strings.Cut(message, "\n")
	beta, gamma := strings.Index(rest, "# example/lambdas/beta"), strings.Index(rest, "# example/lambdas/gamma")
	if gamma >= 0 && gamma < beta {
		rest = rest[beta:] + "\n" + strings.TrimRight(rest[:beta], "\n")
	}
	return head + "\n" + rest
}

// TestNotMain checks the error for a package that is not main: it compiles but
// gives no binary.
func TestNotMain(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	write(t, b.root, "lambdas/beta/main.go", "package beta\n")
	_, err := b.Build(t.Context(), "beta", "")
	if err == nil || err.Error() != "beta: go build for linux/arm64 failed:\ngo build made no binary: is it package main?" {
		t.Errorf("%v", err)
	}
}

// TestCancelWhileWaiting checks that a canceled caller stops waiting
// immediately and leaves the lock free.
func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	unlock, err := b.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Build(ctx, "alpha", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("behind another goroutine: %v", err)
	}
	for range 3 {
		if _, err := lockFile(ctx, filepath.Join(b.dist(), "lock")); !errors.Is(err, context.Canceled) {
			t.Errorf("behind another process: %v", err)
		}
	}
	unlock()
	for range 2 {
		unlock, err := b.lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		unlock()
	}
}
