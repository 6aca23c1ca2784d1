package lambda_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

func TestRetire(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	idle := value[description](t, f, f.version, `{"do":"describe"}`)
	gate := filepath.Join(t.TempDir(), "go")
	busy := make(chan int, 1)
	v2 := f.with(func(v *lambda.Version) { v.ID = "2" })
	go func() { busy <- value[int](t, f, v2, `{"do":"wait","path":"`+gate+`"}`) }()
	eventually(t, "version 2 at work", func() bool { return strings.Contains(f.text(), "waiting") })

	v3 := f.with(func(v *lambda.Version) { v.ID = "3" })
	f.Retire("tester", "3")
	eventually(t, "the idle process gone", func() bool { return !alive(idle.PID) })
	open(t, gate)
	old := <-busy
	eventually(t, "the busy process gone", func() bool { return !alive(old) })
	a := value[description](t, f, v3, `{"do":"describe"}`)
	if b := value[description](t, f, v3, `{"do":"describe"}`); a.PID != b.PID {
		t.Error("the kept version is not warm")
	}

	gate = filepath.Join(t.TempDir(), "go")
	go func() { busy <- value[int](t, f, v3, `{"do":"wait","path":"`+gate+`"}`) }()
	eventually(t, "version 3 at work", func() bool { return strings.Count(f.text(), "waiting") == 2 })
	f.Retire("tester", "")
	open(t, gate)
	<-busy
	eventually(t, "no process of a deleted function", func() bool { return f.Sandboxes("tester") == 0 })
}

func TestIdleProcessEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{IdleTimeout: 20 * time.Millisecond})
	pid := value[description](t, f, f.version, `{"do":"describe"}`).PID
	eventually(t, "the process gone", func() bool { return !alive(pid) && f.Sandboxes("tester") == 0 })
	f.do(t, f.version, `{}`)
}

// TestIdleProcessKilled checks that a killed idle process is replaced without
// an error.
func TestIdleProcessKilled(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	pid := value[description](t, f, f.version, `{"do":"describe"}`).PID
	kill(t, pid)
	eventually(t, "the process gone", func() bool { return f.Sandboxes("tester") == 0 })
	f.do(t, f.version, `{}`)
}

func kill(t testing.TB, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestProcessGroupEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	grandchild := value[int](t, f, f.version, `{"do":"fork"}`)
	if !alive(grandchild) {
		t.Fatal("no grandchild")
	}
	f.do(t, f.version, `{"do":"exit","number":1}`)
	eventually(t, "the grandchild gone", func() bool { return !alive(grandchild) })
}

func TestCloseWaitsAndEndsEverything(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	gate := filepath.Join(t.TempDir(), "go")
	idle := make(chan int, 2)
	done := make(chan int, 1)
	idle <- value[description](t, f, f.version, `{"do":"describe"}`).PID
	go func() { done <- value[int](t, f, f.version, `{"do":"wait","path":"`+gate+`"}`) }()
	eventually(t, "the function at work", func() bool { return strings.Contains(f.text(), "waiting") })
	closed := make(chan error, 1)
	go func() { closed <- f.Close(context.Background()) }()
	eventually(t, "new invocations refused", func() bool {
		_, err := f.Invoke(t.Context(), f.version, nil)
		return errors.Is(err, lambda.ErrClosed)
	})
	open(t, gate)
	pid := <-done
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	if alive(pid) || alive(<-idle) {
		t.Error("a process outlived Close")
	}
}

func TestCloseCutsOff(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	done := make(chan error, 1)
	go func() {
		_, err := f.Invoke(context.Background(), f.version, []byte(`{"do":"sleep","number":60000}`))
		done <- err
	}()
	eventually(t, "a process", func() bool { return f.Sandboxes("tester") == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := f.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close = %v", err)
	}
	if err := <-done; !errors.Is(err, lambda.ErrClosed) {
		t.Errorf("invoke = %v, want ErrClosed", err)
	}
}
