package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// parentEnv makes the test binary act as the parent that TestKilledParent
// kills.
const parentEnv = "CHILD_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		cmd := exec.Command("/bin/sleep", "1000")
		if _, err := Start(cmd); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(cmd.Process.Pid)
		select {}
	}
	os.Exit(m.Run())
}

// shell starts a script and waits for its first line.
func shell(t *testing.T, script string, attributes *syscall.SysProcAttr) (p *Process, first string) {
	t.Helper()
	r, w := io.Pipe()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Stdout, cmd.SysProcAttr = w, attributes
	p, err := Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(r)
	if first, err = lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	copied := make(chan struct{})
	go func() {
		io.Copy(io.Discard, lines)
		close(copied)
	}()
	t.Cleanup(func() {
		p.End(syscall.SIGKILL, 0)
		w.Close()
		<-copied
	})
	return p, strings.TrimSpace(first)
}

func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d lives on", pid)
		}
	}
}

// zombie reports whether a process has ended without being waited for.
func zombie(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(status), ") Z ")
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWait(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": 0, "exit 32": 32, "kill -9 $$": 1} {
		p, err := Start(exec.Command("/bin/sh", "-c", script))
		if err != nil {
			t.Fatal(err)
		}
		<-p.Done()
		if got := ExitCode(p.Wait()); got != want {
			t.Errorf("%s: exit code %d, want %d", script, got, want)
		}
		// End leaves no zombie, and returns the exit code of an ended process.
		if err := syscall.Kill(p.pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s: process %d: %v", script, p.pid, err)
		}
		if got := ExitCode(p.End(syscall.SIGINT, 0)); got != want {
			t.Errorf("%s: End returns %d, want %d", script, got, want)
		}
	}
	if got := ExitCode(errors.New("no process")); got != 1 {
		t.Errorf("exit code of another error is %d", got)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	if _, err := Start(exec.Command("/does/not/exist")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestOwnGroup(t *testing.T) {
	t.Parallel()
	p, _ := shell(t, "echo ready; exec sleep 1000", nil)
	group, err := syscall.Getpgid(p.pid)
	if err != nil || group != p.pid {
		t.Errorf("group %d of process %d, %v", group, p.pid, err)
	}
}

// TestEndAsks checks that a process has time to clean up.
func TestEndAsks(t *testing.T) {
	t.Parallel()
	p, _ := shell(t, `trap 'exit 7' INT; echo ready; while :; do sleep 0.01; done`, nil)
	if got := ExitCode(p.End(syscall.SIGINT, time.Minute)); got != 7 {
		t.Errorf("exit code %d, want 7", got)
	}
}

// TestEndAsksTheGroup ends a shell, which ignores signals while it waits for a
// command.
func TestEndAsksTheGroup(t *testing.T) {
	t.Parallel()
	p, _ := shell(t, `trap 'exit 7' INT; sh -c 'echo ready; exec sleep 1000'; exit 8`, nil)
	if got := ExitCode(p.End(syscall.SIGINT, time.Minute)); got != 7 {
		t.Errorf("exit code %d, want 7", got)
	}
}

func TestEndEscalates(t *testing.T) {
	t.Parallel()
	for name, attributes := range map[string]*syscall.SysProcAttr{"own group": nil, "group of the caller": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := shell(t, `trap '' INT; echo ready; while :; do sleep 0.01; done`, attributes)
			if err := p.End(syscall.SIGINT, 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Errorf("error %v, want a kill", err)
			}
		})
	}
}

// TestEndTakesTheGroup checks that End also ends what the process has started.
func TestEndTakesTheGroup(t *testing.T) {
	t.Parallel()
	p, first := shell(t, `sh -c 'trap "" INT; echo $$; exec sleep 1000' & wait`, nil)
	p.End(syscall.SIGINT, 50*time.Millisecond)
	gone(t, number(t, first))
}

// TestKilledParent kills the parent, which cannot react.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a death signal")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), parentEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid := number(t, strings.TrimSpace(line))
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the child does not live: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	gone(t, pid)
}
