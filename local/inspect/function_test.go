package inspect_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"skiff/local/inspect"
)

// TestInvoke invokes a function by each of its names, and checks that its
// failure is not an error of the cloud.
func TestInvoke(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.Inspector()
	if _, err := in.Invoke(t.Context(), "greet", []byte(`{}`)); err == nil || err.Error() != "there is no function greet, nor any other" {
		t.Errorf("without functions: %v", err)
	}
	f.function("staging", "greet")
	f.function("review", "greet")
	f.function("review", "other")
	functions, err := in.Functions()
	if err != nil || len(functions) != 3 {
		t.Fatalf("functions %v, %v", functions, err)
	}
	greet := functions[2]
	if greet.Name != "staging-greet" || greet.Logical != "greet" || greet.Stack != "staging" || greet.MemoryMB != 256 || greet.TimeoutSeconds != 5 ||
		greet.LogGroup != "/aws/lambda/staging-greet" || !strings.HasSuffix(greet.Role, ":role/staging-greet") || greet.Sandboxes != 0 {
		t.Errorf("the function is %+v", greet)
	}
	for n, name := range []string{"greet", "staging-greet", greet.ARN} {
		got, err := in.Invoke(t.Context(), name, []byte(`{"do":"raw","text":"{\"a\": 1.10}"}`))
		if err != nil || got.Function != "staging-greet" || got.Answer != `{"a":1.10}` || got.Error != "" || got.Duration <= 0 || (got.Init > 0) != (n == 0) {
			t.Errorf("invoked by %s: %+v, %v", name, got, err)
		}
		if !strings.HasPrefix(got.Log, "START RequestId: "+got.RequestID) || !strings.Contains(got.Log, "REPORT RequestId: "+got.RequestID) {
			t.Errorf("the log of it is %s", got.Log)
		}
	}
	failed, err := in.Invoke(t.Context(), "greet", []byte(`{"do":"panic","text":"too hot"}`))
	if err != nil || failed.Error != "Unhandled" || !strings.Contains(failed.Answer, `"too hot"`) || !strings.Contains(failed.Log, "too hot") {
		t.Errorf("a panic: %+v, %v", failed, err)
	}
	for name, want := range map[string]string{
		"other":  "review-other",
		"greets": "there is no function greets; there are review-greet, review-other, staging-greet",
		"":       "there is no function ; there are review-greet, review-other, staging-greet",
	} {
		got, err := in.Invoke(t.Context(), name, []byte(`{}`))
		if err != nil && err.Error() != want || err == nil && got.Function != want {
			t.Errorf("%q: %s, %v; want %s", name, got.Function, err, want)
		}
	}
	if _, err := in.Invoke(t.Context(), "greet", []byte(`{"a":`)); err == nil || err.Error() != "the event for function staging-greet is not JSON" {
		t.Errorf("an event that is not JSON: %v", err)
	}
}

// TestSeveralStacks checks a name that two stacks have, neither of them served.
// It is refused, and the error lists the names to choose from.
func TestSeveralStacks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.queues("one", "jobs")
	f.queues("two", "jobs")
	if _, err := f.Inspector().Messages("jobs", 1); err == nil || err.Error() != "jobs is the name of several queues; name one of one-jobs, two-jobs" {
		t.Errorf("an ambiguous name: %v", err)
	}
	var name *inspect.NameError
	if _, err := f.Inspector().Messages("none", 1); !errors.As(err, &name) {
		t.Errorf("an unknown name: %v", err)
	}
}

// TestLogs checks that Logs returns a function's last lines, and then each new
// line.
func TestLogs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.Inspector()
	f.function("staging", "a")
	f.function("staging", "b")
	invoke := func(name, text string) {
		t.Helper()
		if _, err := in.Invoke(t.Context(), name, []byte(`{"do":"print","text":"`+text+`\n"}`)); err != nil {
			t.Fatal(err)
		}
	}
	invoke("a", "first of a")
	invoke("b", "first of b")
	var all []inspect.Line
	if err := in.Logs(t.Context(), inspect.LogQuery{Last: 100}, func(l inspect.Line) error { all = append(all, l); return nil }); err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, l := range all {
		first, _, _ := strings.Cut(l.Text, " ")
		words = append(words, l.Function[len("staging-"):]+" "+first)
	}
	if got := strings.Join(words, ", "); got != "a START, a first, a END, a REPORT, b START, b first, b END, b REPORT" {
		t.Errorf("the lines are %s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines, done := make(chan inspect.Line), make(chan error, 1)
	go func() {
		done <- in.Logs(ctx, inspect.LogQuery{Functions: []string{"b"}, Last: 1, Follow: true}, func(l inspect.Line) error { lines <- l; return nil })
	}()
	if l := <-lines; !strings.HasPrefix(l.Text, "REPORT") || l.Function != "staging-b" {
		t.Errorf("the last line of b is %v", l)
	}
	invoked := make(chan struct{})
	go func() {
		defer close(invoked)
		for _, name := range []string{"a", "b"} {
			if _, err := in.Invoke(ctx, name, []byte(`{"do":"print","text":"second of `+name+`\n"}`)); err != nil {
				t.Error(err)
			}
		}
	}()
	for _, want := range []string{"START", "second of b", "END", "REPORT"} {
		if l := <-lines; !strings.HasPrefix(l.Text, want) || l.Function != "staging-b" {
			t.Errorf("the line that came is %v, want %s", l, want)
		}
	}
	<-invoked
	cancel()
	if err := <-done; err != nil {
		t.Errorf("following ended with %v", err)
	}
	if err := in.Logs(t.Context(), inspect.LogQuery{Functions: []string{"c"}}, nil); err == nil || err.Error() != "there is no function c; there are staging-a, staging-b" {
		t.Errorf("an unknown function: %v", err)
	}
}
