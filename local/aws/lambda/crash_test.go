package lambda_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

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
