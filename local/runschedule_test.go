package main

import (
	"strings"
	"testing"
)

// TestRunScheduleLine checks that the command prints help, requires one name,
// and reports an unknown one.
func TestRunScheduleLine(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-h"}, 0, "go run ./local run-schedule nightly"},
		{nil, 2, "run-schedule takes one name"},
		{[]string{"one", "two"}, 2, "run-schedule takes one name"},
		{[]string{"nightly"}, 1, "there is no schedule nightly; the local cloud has no schedules"},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), append([]string{"-C", "..", "-state", state, "run-schedule"}, test.args...), &stdout, &stderr)
		said, silent := &stderr, &stdout
		if code == 0 { // help succeeds
			said, silent = &stdout, &stderr
		}
		if code != test.code || !strings.Contains(said.String(), test.want) || silent.Len() > 0 {
			t.Errorf("%v: exit %d, %s%s, want %d and %q", test.args, code, stdout.String(), stderr.String(), test.code, test.want)
		}
	}
}
