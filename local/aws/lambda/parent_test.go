package lambda_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"skiff/local/aws/lambda"
)

// parentEnv is set in the process that TestParentKilled starts and kills.
const parentEnv = "LAMBDA_TEST_PARENT"

// TestParentProcess is the program that TestParentKilled starts. It runs one
// function to its end and one that waits, and never returns.
func TestParentProcess(t *testing.T) {
	gate := os.Getenv(parentEnv)
	if gate == "" {
		t.SkipNow() // runs only as the child process of TestParentKilled
	}
	f := newFixture(t, lambda.Options{})
	idle := f.with(func(v *lambda.Version) { v.Name = "idle" })
	fmt.Printf("pid %d\n", value[description](t, f, idle, `{"do":"describe"}`).PID)
	// Start processes from several threads that end before the program does.
	for range 4 {
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
			defer close(done)
			f.do(t, idle, `{"do":"exit","number":1}`)
			fmt.Printf("pid %d\n", value[description](t, f, idle, `{"do":"describe"}`).PID)
		}()
		<-done
	}
	// A busy process does not notice that /next fails, unlike an idle one.
	busy := f.with(func(v *lambda.Version) {
		v.Log = func(_ string, lines ...[]byte) {
			for _, line := range lines {
				if text, found := strings.CutPrefix(string(line), "waiting "); found {
					fmt.Printf("pid %s\n", text)
				}
			}
		}
	})
	value[int](t, f, busy, `{"do":"wait","path":"`+gate+`"}`)
}

// TestParentKilled kills the parent with SIGKILL and checks that its functions
// end too, although some of the parent's threads had already ended.
func TestParentKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a busy child with its parent")
	}
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe, "-test.run=^TestParentProcess$", "-test.v")
	cmd.Env = append(os.Environ(), parentEnv+"="+filepath.Join(t.TempDir(), "never"))
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var pids []int
	lines := bufio.NewScanner(out)
	for len(pids) < 6 && lines.Scan() {
		if text, found := strings.CutPrefix(lines.Text(), "pid "); found {
			pid, err := strconv.Atoi(text)
			must(t, err)
			pids = append(pids, pid)
		}
	}
	last := 0
	if len(pids) > 0 {
		last = pids[len(pids)-1]
	}
	lived := last != 0 && alive(last)
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	if !lived {
		t.Fatalf("the last of %v did not live before the kill", pids)
	}
	t.Cleanup(func() {
		if t.Failed() && alive(last) {
			kill(t, last)
		}
	})
	eventually(t, "the function gone", func() bool { return !alive(last) })
}
