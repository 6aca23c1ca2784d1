package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"skiff/infra/operator/operatortest"
)

var errTouched = errors.New("standard input was read")

// TestGivenValue puts in what a third party has given: any text, and nothing of
// it in what is printed.
func TestGivenValue(t *testing.T) {
	const given = "sk_live_5f2"
	long := strings.Repeat("x", maxValue)
	for _, test := range []struct {
		name, args, stdin  string
		held, want, stderr string
	}{
		{"a line", "-stdin s", given + "\n", "", given, ""},
		{"no newline", "-stdin s", given, "", given, ""},
		{"a line of Windows", "-stdin s", given + "\r\n", "", given, ""},
		{"one character", "-stdin s", "x\n", "", "x", ""},
		{"one newline alone is cut", "-stdin s", given + "\n\n", "", given + "\n", ""},
		{"blanks and lines are kept", "-stdin s", " -----BEGIN\nKEY \n", "", " -----BEGIN\nKEY ", ""},
		{"the longest", "-stdin s", long + "\r\n", "", long, ""},
		{"too long", "-stdin s", long + "xx", "", "", "key: the value of secret s has more than the 65536 bytes"},
		{"too long with a newline", "-stdin s", long + "x\n", "", "", "key: the value of secret s has more than the 65536 bytes"},
		{"nothing", "-stdin s", "", "", "", "key: the value of secret s is empty"},
		{"a newline", "-stdin s", "\n", "", "", "key: the value of secret s is empty"},
		{"no text", "-stdin s", given + "\xff", "", "", "key: the value of secret s is not UTF-8 text"},
		{"in place of another", "-replace -stdin s", given, "as it was", given, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			values := map[string]string{"s": test.held}
			operatortest.Serve(t, values)
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), strings.Fields(test.args), strings.NewReader(test.stdin), &stdout, &stderr)
			if (code == 0) != (test.stderr == "") || !strings.HasPrefix(stderr.String(), test.stderr) || values["s"] != test.want {
				t.Errorf("exit %d, stderr %.80q, value %.80q", code, &stderr, values["s"])
			}
			if printed := stdout.String() + stderr.String(); strings.Contains(printed, given) {
				t.Errorf("the value is printed: %q", printed)
			}
			if want := "secret s has the given value\n"; code == 0 && stdout.String() != want {
				t.Errorf("stdout %q, want %q", &stdout, want)
			}
		})
	}
}

// TestFullIsNotAsked expects a secret with a value to be told of before the
// value is read.
func TestFullIsNotAsked(t *testing.T) {
	operatortest.Serve(t, map[string]string{"full": "as it was"})
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"-stdin", "full"}, iotest.ErrReader(errTouched), io.Discard, &stderr)
	if want := "key: secret full has a value; -replace"; code != 1 || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("exit %d, stderr %q, want %q", code, &stderr, want)
	}
}
