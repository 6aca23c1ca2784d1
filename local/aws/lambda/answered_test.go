package lambda_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

// answer is do for a caller that does not wait for the end.
func (f *fixture) answer(t testing.TB, v lambda.Version, want string) {
	t.Helper()
	result, err := f.Answer(t.Context(), v, []byte(`{}`))
	if err != nil || string(result.Payload) != want || result.RequestID == "" {
		t.Fatalf("answer %s, id %q, %v; want %s", result.Payload, result.RequestID, err, want)
	}
}

// lingering returns a version that continues after its answer until the file
// gate exists.
func (f *fixture) lingering(gate string, edit func(*lambda.Version)) lambda.Version {
	return f.with(func(v *lambda.Version) {
		v.Environment = map[string]string{"MODE": "linger", "GATE": gate}
		edit(v)
	})
}

// TestAnswerComesFirst checks that a caller gets the answer while the function
// continues. The sandbox stays busy until it asks for the next invocation, and
// its log is complete.
func TestAnswerComesFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	gate := filepath.Join(t.TempDir(), "go")
	v := f.lingering(gate, func(v *lambda.Version) { v.Reserved = 1 })
	f.answer(t, v, `"answered"`)
	if log := f.text(); strings.Contains(log, "END") {
		t.Errorf("the invocation has ended:\n%s", log)
	}
	if _, err := f.Answer(t.Context(), v, nil); !errors.Is(err, lambda.ErrThrottled) {
		t.Errorf("error = %v; a process that still runs must count", err)
	}
	open(t, gate)
	eventually(t, "the end", func() bool { return strings.Contains(f.text(), "REPORT") })
	if !regexp.MustCompile(`(?s)^START.*\nlingered\nEND.*\nREPORT[^\n]*$`).MatchString(f.text()) {
		t.Errorf("log:\n%s", f.text())
	}
	result := f.do(t, v, `{}`)
	if !regexp.MustCompile(`(?s)^START.*\nlingered\nEND.*\nREPORT[^\n]*\n$`).Match(result.Log) {
		t.Errorf("log of a caller that waits:\n%s", result.Log)
	}
	if f.streams() != 1 {
		t.Errorf("%d sandboxes", f.streams())
	}
}

// TestLingeringIsNotWaitedFor checks that the next invocation gets another
// sandbox if a function continues for long.
func TestLingeringIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	gate := filepath.Join(t.TempDir(), "go")
	v := f.lingering(gate, func(*lambda.Version) {})
	f.answer(t, v, `"answered"`)
	f.answer(t, v, `"answered"`)
	if n := f.Sandboxes("tester"); n != 2 {
		t.Errorf("%d sandboxes", n)
	}
	open(t, gate)
	eventually(t, "both ends", func() bool { return strings.Count(f.text(), "REPORT") == 2 })
}

// TestQuickClient checks that a client that sends its next request before the
// function asks for it gets the same sandbox. A reserved concurrency of 1 is
// enough.
func TestQuickClient(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	v := f.with(func(v *lambda.Version) { v.Reserved = 1 })
	const calls = 200
	for range calls {
		f.answer(t, v, "null")
	}
	eventually(t, "each REPORT", func() bool { return strings.Count(f.text(), "REPORT") == calls })
	if f.streams() != 1 {
		t.Errorf("%d sandboxes", f.streams())
	}
	// This invocation may wait for the end of the last one.
	if got := f.do(t, v, `{}`); got.FunctionError != "" {
		t.Errorf("%+v", got)
	}
}

// TestLostAfterAnswer checks that an answer remains valid if its sandbox is
// lost afterwards. An invocation that waits for that sandbox gets a new one.
func TestLostAfterAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	for range 5 {
		f.answer(t, f.mode("leave"), `"left"`)
	}
	eventually(t, "each REPORT", func() bool { return strings.Count(f.text(), "REPORT") == 5 })
	if f.streams() != 5 {
		t.Errorf("%d sandboxes", f.streams())
	}
}

// TestTimeoutAfterAnswer checks that a timeout after the answer ends the
// function, but does not change the answer.
func TestTimeoutAfterAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Options{})
	v := f.lingering(filepath.Join(t.TempDir(), "never"), func(v *lambda.Version) { v.Timeout = time.Second })
	if got := f.do(t, v, `{}`); string(got.Payload) != `"answered"` || got.FunctionError != "" {
		t.Errorf("%q %s", got.FunctionError, got.Payload)
	}
	if log := f.text(); !strings.Contains(log, "Task timed out after 1.00 seconds") || !strings.Contains(log, "Status: timeout") {
		t.Errorf("log:\n%s", log)
	}
}
