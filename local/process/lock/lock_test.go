package lock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// holderEnv makes the test binary hold the lock at that path until its standard
// input ends.
const holderEnv = "LOCK_TEST_HOLDER"

func TestMain(m *testing.M) {
	if path := os.Getenv(holderEnv); path != "" {
		if _, err := Wait(context.Background(), path, func() { fmt.Println("waiting") }); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// holder starts a process that takes the lock. Its output reports its progress.
func holder(t *testing.T, path string) (end func(), lines *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), holderEnv+"="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return func() { in.Close() }, bufio.NewScanner(out)
}

func wantLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() || lines.Text() != want {
		t.Fatalf("line %q, want %q", lines.Text(), want)
	}
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	endFirst, first := holder(t, path)
	wantLine(t, first, "held")
	_, second := holder(t, path)
	wantLine(t, second, "waiting")
	endFirst()
	wantLine(t, second, "held")
}

func TestUnlock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Wait(t.Context(), path, func() { t.Error("the lock is free") })
	if err != nil {
		t.Fatal(err)
	}
	_, other := holder(t, path)
	wantLine(t, other, "waiting")
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	wantLine(t, other, "held")
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	_, lines := holder(t, path)
	wantLine(t, lines, "held")
	ctx, cancel := context.WithTimeout(t.Context(), 5*pollDelay/2)
	defer cancel()
	calls := 0
	_, err := Wait(ctx, path, func() { calls++ })
	if !errors.Is(err, context.DeadlineExceeded) || calls != 1 {
		t.Errorf("error %v, held called %d times", err, calls)
	}
}

func TestNoFolder(t *testing.T) {
	t.Parallel()
	if _, err := Wait(t.Context(), filepath.Join(t.TempDir(), "no", "lock"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
