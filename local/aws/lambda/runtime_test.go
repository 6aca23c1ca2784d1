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
