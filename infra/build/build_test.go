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

// The digest that the program saw settles it: no go list for a zip that is
// there, no zip under a digest of other source.
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
		t.Errorf("a zip that is there: %s, %v", again, err)
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

// A file that is saved while the compiler runs: its zip is recorded under
// neither digest, and the functions it does not touch are built.
func TestSourceChangesWhileCompiling(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	savesWhileCompiling(t, b)
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

// What lies in the folder is not believed: not a foreign zip, a cut one, none,
// nor a damaged record.
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

// Stale tells what Build would compile: all at first, then nothing, then what
// an edit or a spoilt zip has reached.
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
	want := "alpha: this source builds a zip with sha256 " + sum + ", the state of the stack holds " + other +
		"; run pulumi up --stack STACK --replace '**command:local:Command::alpha' to build and deploy what is here"
	if err == nil || err.Error() != want {
		t.Errorf("another sha256: %v", err)
	}
	_, err = b.Ensure(t.Context(), "alpha", "done")
	if err == nil || err.Error() != `alpha: the command that builds it printed "done", which is no sha256` {
		t.Errorf("no sha256: %v", err)
	}
}

// However many ask at once, in one process or in many, one go build serves
// them all.
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

// A compile error is told once, and does not keep a healthy function from
// being built.
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
	short := "beta: not built; the compiler's message is told with another function and kept in " + b.failedFile()
	_, err := b.Build(t.Context(), "gamma", "")
	if err == nil || sortedBlocks(err.Error()) != sortedBlocks(full) {
		t.Errorf("the first to fail says\n%v\nwant\n%s", err, full)
	}
	if _, err := b.Build(t.Context(), "beta", ""); err == nil || err.Error() != short {
		t.Errorf("the second says\n%v\nwant\n%s", err, short)
	}
	if n := builds(); n != 1 {
		t.Errorf("%d go builds in one run, want 1", n)
	}
	if text := read(t, b.failedFile()); !strings.Contains(text, "undefined: undefined") {
		t.Errorf("kept message: %s", text)
	}
	clock = clock.Add(time.Minute)
	if _, err := b.Build(t.Context(), "beta", ""); err == nil || sortedBlocks(err.Error()) != sortedBlocks(full) {
		t.Errorf("a later run says\n%v\nwant\n%s", err, full)
	}
	write(t, b.root, "lambdas/beta/main.go", source["lambdas/beta/main.go"])
	mustBuild(t, b, "beta")
}

// sortedBlocks orders the packages' messages, which the compiler prints as they
// end.
func sortedBlocks(message string) string {
	head, rest, _ := strings.Cut(message, "\n")
	beta, gamma := strings.Index(rest, "# example/lambdas/beta"), strings.Index(rest, "# example/lambdas/gamma")
	if gamma >= 0 && gamma < beta {
		rest = rest[beta:] + "\n" + strings.TrimRight(rest[:beta], "\n")
	}
	return head + "\n" + rest
}

// A package that is no program compiles and makes no binary.
func TestNotMain(t *testing.T) {
	t.Parallel()
	b := newModule(t)
	write(t, b.root, "lambdas/beta/main.go", "package beta\n")
	_, err := b.Build(t.Context(), "beta", "")
	if err == nil || err.Error() != "beta: go build for linux/arm64 failed:\ngo build made no binary: is it package main?" {
		t.Errorf("%v", err)
	}
}

// A caller that is told to stop while another one builds stops at once, and
// leaves the lock free for the next.
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
