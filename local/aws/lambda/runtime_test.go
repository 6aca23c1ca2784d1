package lambda_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/lambda"
)

func TestInvocationContext(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	v := f.with(func(v *lambda.Version) {
		v.Environment = map[string]string{"TZ": "Europe/Berlin", "AWS_REGION": "moon-1", "AWS_ENDPOINT_URL_DYNAMODB": "https://aws.example", "OWN": "x"}
		v.Endpoints = map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}
	})
	got := value[description](t, f, v, `{"do":"describe"}`)
	if got.Dir != codeDir || got.ARN != v.ARN {
		t.Errorf("dir %q, arn %q", got.Dir, got.ARN)
	}
	if got.LeftMS < 25_000 || got.LeftMS > 30_000 {
		t.Errorf("%d ms left of 30 s", got.LeftMS)
	}
	for name, want := range map[string]string{
		"TZ": "Europe/Berlin", "OWN": "x", // a program may set these
		"AWS_REGION":                "eu-west-1",          // reserved
		"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1", // of the local cloud
		"AWS_ACCESS_KEY_ID":         "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/tester",
	} {
		if got.Env[name] != want {
			t.Errorf("%s = %q, want %q", name, got.Env[name], want)
		}
	}
	if _, leaked := got.Env["HOME"]; leaked {
		t.Error("HOME of this machine reached the function")
	}
	trace := regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`)
	if !trace.MatchString(got.Env["_X_AMZN_TRACE_ID"]) {
		t.Errorf("trace id %q", got.Env["_X_AMZN_TRACE_ID"])
	}
	stream := regexp.MustCompile(`^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`)
	if !stream.MatchString(got.Env["AWS_LAMBDA_LOG_STREAM_NAME"]) {
		t.Errorf("stream %q", got.Env["AWS_LAMBDA_LOG_STREAM_NAME"])
	}
}

func TestWarmProcessIsReused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	first := value[description](t, f, f.version, `{"do":"describe"}`)
	second := value[description](t, f, f.version, `{"do":"describe"}`)
	if first.PID != second.PID || first.RequestID == second.RequestID {
		t.Errorf("pids %d, %d; request ids %s, %s", first.PID, second.PID, first.RequestID, second.RequestID)
	}
}

func TestConcurrencyIsProcesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	gate := filepath.Join(t.TempDir(), "go")
	pids := make(chan int, 3)
	for range 3 {
		go func() { pids <- value[int](t, f, f.version, `{"do":"wait","path":"`+gate+`"}`) }()
	}
	eventually(t, "3 processes at work", func() bool { return strings.Count(f.text(), "waiting") == 3 })
	open(t, gate)
	seen := map[int]bool{}
	for range 3 {
		seen[<-pids] = true
	}
	if len(seen) != 3 || f.Sandboxes("tester") != 3 {
		t.Errorf("%d processes answered, %d live", len(seen), f.Sandboxes("tester"))
	}
}

func open(t testing.TB, gate string) {
	t.Helper()
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		account  int
		reserved int
		admitted int
	}{{"reserved 2", 0, 2, 2}, {"reserved 0", 0, 0, 0}, {"account 1", 1, -1, 1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, lambda.Options{Concurrency: c.account})
			v := f.with(func(v *lambda.Version) { v.Reserved = c.reserved })
			gate := filepath.Join(t.TempDir(), "go")
			event := []byte(`{"do":"wait","path":"` + gate + `"}`)
			var running sync.WaitGroup
			for range c.admitted {
				running.Go(func() { f.do(t, v, string(event)) })
			}
			eventually(t, "all admitted at work", func() bool { return strings.Count(f.text(), "waiting") == c.admitted })
			for range 3 {
				if _, err := f.Invoke(t.Context(), v, event); !errors.Is(err, lambda.ErrThrottled) {
					t.Errorf("error = %v, want ErrThrottled", err)
				}
			}
			open(t, gate)
			running.Wait()
			if got := f.Sandboxes("tester"); got != c.admitted {
				t.Errorf("%d processes, want %d", got, c.admitted)
			}
			if c.admitted > 0 { // finished invocations no longer count
				for range 5 {
					f.do(t, v, `{}`)
				}
			}
		})
	}
}

func TestPayloadLimits(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	fits := append([]byte(`{"text":"`), bytes.Repeat([]byte("x"), lambda.MaxRequestBytes-11)...)
	fits = append(fits, `"}`...)
	if len(fits) != lambda.MaxRequestBytes {
		t.Fatalf("%d bytes", len(fits))
	}
	f.do(t, f.version, string(fits))
	if _, err := f.Invoke(t.Context(), f.version, append(fits, ' ')); !errors.Is(err, lambda.ErrPayloadTooLarge) {
		t.Errorf("error = %v, want ErrPayloadTooLarge", err)
	}

	inside := fmt.Sprintf(`{"do":"big","number":%d}`, lambda.MaxResponseBytes-2) // two quotes
	if got := f.do(t, f.version, inside); got.FunctionError != "" || len(got.Payload) != lambda.MaxResponseBytes {
		t.Errorf("%d bytes, error %q", len(got.Payload), got.FunctionError)
	}
	outside := fmt.Sprintf(`{"do":"big","number":%d}`, lambda.MaxResponseBytes-1)
	wantFailure(t, f.do(t, f.version, outside),
		`{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}`)
	f.do(t, f.version, `{}`)
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, mode, event, payload string }{
		{"exit 1 in the handler", "", `{"do":"exit","number":1}`, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 1"}`},
		{"killed in the handler", "", `{"do":"abort"}`, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: killed"}`},
		{"panic in init", "panic", `{}`, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 2"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, lambda.Options{})
			wantFailure(t, f.do(t, f.mode(c.mode), c.event), c.payload)
			if !strings.Contains(f.text(), "Status: error\tError Type: Runtime.ExitError") {
				t.Errorf("log:\n%s", f.text())
			}
			if c.mode != "" {
				return
			}
			f.do(t, f.version, `{}`)
			if f.streams() != 2 {
				t.Errorf("%d sandboxes, want a second one after the crash", f.streams())
			}
		})
	}
}

func TestPanicIsReportedAndTheProcessReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	before := value[description](t, f, f.version, `{"do":"describe"}`)
	got := f.do(t, f.version, `{"do":"panic","text":"boom"}`)
	if got.FunctionError != "Unhandled" || !bytes.Contains(got.Payload, []byte(`"errorMessage":"boom"`)) {
		t.Errorf("%q %s", got.FunctionError, got.Payload)
	}
	if after := value[description](t, f, f.version, `{"do":"describe"}`); after.PID == before.PID {
		t.Error("the process that panicked served again")
	}
}

// TestAnswerThenExit checks that an answer is valid although the process exits
// instead of calling /next.
func TestAnswerThenExit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	if got := value[string](t, f, f.mode("leave"), `{}`); got != "left" {
		t.Errorf("answer %q", got)
	}
}

func TestInitIsTriedTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	v := f.with(func(v *lambda.Version) {
		v.Environment = map[string]string{"MODE": "flaky", "SCRATCH": t.TempDir()}
	})
	f.do(t, v, `{}`)
	if log := f.text(); f.streams() != 2 || !strings.Contains(log, "Phase: init\tStatus: error") || strings.Contains(log, "Phase: invoke") {
		t.Errorf("log of %d sandboxes:\n%s", f.streams(), log)
	}
}

func TestInitTimeout(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{InitTimeout: 50 * time.Millisecond})
	v := f.mode("hang")
	v.Timeout = 100 * time.Millisecond
	wantFailure(t, f.do(t, v, `{}`),
		`{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 0.10 seconds"}`)
	if log := f.text(); strings.Count(log, "Status: timeout") != 2 || f.Sandboxes("tester") != 0 {
		t.Errorf("%d processes left, log:\n%s", f.Sandboxes("tester"), log)
	}
}

func TestRuntimeAPIRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	v := f.mode("probe")
	const unknown = `400 {"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}`
	state := func(to string) string {
		return `403 {"errorType":"InvalidStateTransition","errorMessage":"State transition to ` + to + ` failed for runtime. Error: State transition is not allowed"}`
	}
	first := value[[]string](t, f, v, `{}`)
	if diff := cmp.Diff([]string{unknown, "404 404 page not found", unknown, state("Ready"), state("InitError")}, first); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	second := value[[]string](t, f, v, `{}`)
	if diff := cmp.Diff([]string{state("InvocationResponse"), state("InvocationErrorResponse"), unknown}, second); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
}

// TestHangUp checks that a runtime can disconnect while it waits and then call
// again.
func TestHangUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	v := f.mode("hang-up")
	f.answer(t, v, `"first"`)
	eventually(t, "the runtime to hang up", func() bool { return strings.Contains(f.text(), "hung up") })
	f.answer(t, v, `"second"`)
	if f.streams() != 1 {
		t.Errorf("%d sandboxes", f.streams())
	}
}

// TestCallerGivesUp checks that the function continues if its caller gives up.
func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	v := f.with(func(v *lambda.Version) { v.Reserved = 1 })
	gate := filepath.Join(t.TempDir(), "go")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := f.Invoke(ctx, v, []byte(`{"do":"wait","path":"`+gate+`"}`))
		done <- err
	}()
	eventually(t, "the function at work", func() bool { return strings.Contains(f.text(), "waiting") })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if _, err := f.Invoke(t.Context(), v, nil); !errors.Is(err, lambda.ErrThrottled) {
		t.Errorf("error = %v; an invocation that still runs must count", err)
	}
	open(t, gate)
	eventually(t, "the function at its end", func() bool { return strings.Contains(f.text(), "END RequestId") })
	eventually(t, "its place free", func() bool { _, err := f.Invoke(t.Context(), v, []byte(`{}`)); return err == nil })
	if f.streams() != 1 {
		t.Errorf("%d sandboxes, want the one reused", f.streams())
	}
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	f.do(t, f.version, `{"do":"print","text":"one\ntwo\n\nthree"}`)
	got := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllString(f.text(), "ID")
	got = regexp.MustCompile(`\d+\.\d\d ms`).ReplaceAllString(got, "N ms")
	got = regexp.MustCompile(`Billed Duration: \d+ ms`).ReplaceAllString(got, "Billed Duration: N ms")
	got = regexp.MustCompile(`Max Memory Used: \d+ MB\t`).ReplaceAllString(got, "")
	want := strings.Join([]string{
		"START RequestId: ID Version: $LATEST", "one", "two", "", "three", "END RequestId: ID",
		"REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 128 MB\tInit Duration: N ms\t",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestLongLineIsCut(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	f.do(t, f.version, `{"do":"print","text":"`+strings.Repeat("x", 600<<10)+`\n"}`)
	var sizes []int
	for _, line := range strings.Split(f.text(), "\n") {
		if strings.HasPrefix(line, "x") {
			sizes = append(sizes, len(line)>>10)
		}
	}
	if diff := cmp.Diff([]int{256, 256, 88}, sizes); diff != "" {
		t.Errorf("KiB per line (-want +got):\n%s", diff)
	}
}

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

func BenchmarkWarmInvoke(b *testing.B) {
	f := newFixture(b, lambda.Options{})
	v := f.with(func(v *lambda.Version) { v.Log = func(string, ...[]byte) {} })
	event := []byte(`{"do":"get"}`)
	f.do(b, v, string(event))
	for b.Loop() {
		if _, err := f.Invoke(context.Background(), v, event); err != nil {
			b.Fatal(err)
		}
	}
}
