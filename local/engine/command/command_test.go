package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// A shell runs commands in a program's folder and records the lines they show.
type shell struct {
	provider.Call
	*provider.Resource[Command, Outputs]

	mu    sync.Mutex
	lines []string
	shown chan string // gets the lines, if not nil
}

func newShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{Resource: Resources([]string{"PATH=" + os.Getenv("PATH"), "GIVEN=yes"})}
	s.Call = provider.Call{Dir: t.TempDir(), Log: func(line string) {
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		if s.shown != nil {
			s.shown <- line
		}
	}}
	return s
}

func (s *shell) create(ctx context.Context, in Command) (store.Record[Command], error) {
	r := store.Record[Command]{Inputs: in, State: map[string]string{}}
	err := s.Create(ctx, s.Call, &r)
	return r, err
}

func TestOutput(t *testing.T) {
	t.Parallel()
	no := false
	tests := []struct {
		name   string
		in     Command
		stdout string
		stderr string
	}{
		{"both streams", Command{Create: "echo out; echo err >&2"}, "out", "err"},
		{"one line's end is cut", Command{Create: `printf 'a\n\n\n'`}, "a\n\n", ""},
		{"no line's end", Command{Create: "printf a"}, "a", ""},
		{"nothing to run", Command{}, "", ""},
		{"standard input", Command{Create: "cat", Stdin: "in"}, "in", ""},
		{"no standard input", Command{Create: "cat"}, "", ""},
		{"interpreter", Command{Create: "x", Interpreter: []string{"echo", "-n", "say"}}, "say x", ""},
		{"environment", Command{Create: "echo $GIVEN $OWN", Environment: map[string]string{"OWN": "a b"}}, "yes a b", ""},
		{"own wins", Command{Create: "echo $GIVEN", Environment: map[string]string{"GIVEN": "no"}}, "no", ""},
		{"no output before", Command{Create: "echo ${PULUMI_COMMAND_STDOUT-none}", AddPreviousOutputInEnv: &no}, "none", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newShell(t)
			r, err := s.create(t.Context(), test.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Describe(r); got != (Outputs{test.stdout, test.stderr}) {
				t.Errorf("printed %q, want %q %q", got, test.stdout, test.stderr)
			}
		})
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	sub := filepath.Join(s.Dir, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{"": s.Dir, "sub": sub, "sub/..": s.Dir, sub: sub} {
		r, err := s.create(t.Context(), Command{Create: "pwd -P", Dir: dir})
		if want, _ := filepath.EvalSymlinks(want); err != nil || r.State["stdout"] != want {
			t.Errorf("dir %q runs in %q, %v; want %s", dir, r.State["stdout"], err, want)
		}
	}
	if _, err := s.create(t.Context(), Command{Create: "pwd", Dir: "none"}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), filepath.Join(s.Dir, "none")) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	r, err := s.create(t.Context(), Command{Create: "echo out; echo err >&2; exit 3"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"exit status 3", "exit 3", "out\n", "err\n"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
	if len(r.State) > 0 {
		t.Errorf("a failure left %v", r.State)
	}
	if _, err := s.create(t.Context(), Command{Create: "x", Interpreter: []string{"/does/not/exist"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("interpreter that is not there: %v", err)
	}
}

func TestUpdateAndDelete(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	old, err := s.create(t.Context(), Command{Create: "echo out; echo err >&2"})
	if err != nil {
		t.Fatal(err)
	}
	no := false
	const script = `printf "$PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR" | tee seen`
	tests := []struct {
		name string
		in   Command
		want string
	}{
		{"update", Command{Create: "exit 1", Update: script}, "out err"},
		{"create, for want of an update", Command{Create: script}, "out err"},
		{"without the output before", Command{Update: script, AddPreviousOutputInEnv: &no}, " "},
		{"nothing to run", Command{}, "out"},
	}
	for _, test := range tests {
		r := old
		r.Inputs = test.in
		if err := s.Update(t.Context(), s.Call, old, &r); err != nil || r.State["stdout"] != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, r.State["stdout"], err, test.want)
		}
	}
	old.Inputs.Delete = script
	if err := os.Remove(filepath.Join(s.Dir, "seen")); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), s.Call, old); err != nil {
		t.Fatal(err)
	}
	if seen, err := os.ReadFile(filepath.Join(s.Dir, "seen")); err != nil || string(seen) != "out err" {
		t.Errorf("delete saw %q, %v", seen, err)
	}
	old.Inputs.Delete = "exit 4"
	if err := s.Delete(t.Context(), s.Call, old); err == nil || !strings.Contains(err.Error(), "exit status 4") {
		t.Errorf("a delete that fails: %v", err)
	}
}

// TestEnvironmentIsHandedIn also passes an empty environment: this process's
// environment may hold keys of a real account.
func TestEnvironmentIsHandedIn(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "real")
	for _, env := range [][]string{nil, {}, {"A=b"}} {
		r := store.Record[Command]{Inputs: Command{Create: "echo ${AWS_ACCESS_KEY_ID-none}"}}
		if err := Resources(env).Create(t.Context(), newShell(t).Call, &r); err != nil || r.State["stdout"] != "none" {
			t.Errorf("with %v: %q, %v", env, r.State["stdout"], err)
		}
	}
}

func TestShownLines(t *testing.T) {
	t.Parallel()
	for logging, want := range map[string]string{"": "err out", "stdoutAndStderr": "err out", "stdout": "out", "stderr": "err", "none": ""} {
		s := newShell(t)
		if _, err := s.create(t.Context(), Command{Create: "echo out; printf err >&2", Logging: logging}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(s.lines)
		if got := strings.Join(s.lines, " "); got != want {
			t.Errorf("logging %q shows %q, want %q", logging, got, want)
		}
	}
	if problems := check(Command{Logging: "all"}); len(problems) != 1 || problems[0].Property != "logging" {
		t.Errorf("problems %v", problems)
	}
}

// TestCancel checks that a cancelled command ends with all processes it
// started, and fails whatever its exit code.
func TestCancel(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.shown = make(chan string, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.create(ctx, Command{Create: `trap 'exit 0' INT; echo ready; while :; do sleep 0.01; done`})
		done <- err
	}()
	<-s.shown
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want a cancelled one", err)
	}
}
