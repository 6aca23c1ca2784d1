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

// TestGivenValue checks that -stdin sets any text as the value, and that
// nothing of the value is printed.
func TestGivenValue(t *testing.T) {
	const given = "sk_live_5f2"
	long := strings.Repeat("x", maxValue)
	for _, test := range []struct {
		name, args, stdin  string
		held, want, stderr string
	}{
		{"a line", "-stdin s", given + "\n", "", given, ""},
		{"no newline", "-stdin s", given, "", given, ""},
		{"a line with CRLF", "-stdin s", given + "\r\n", "", given, ""},
		{"one character", "-stdin s", "x\n", "", "x", ""},
		{"only one newline is cut", "-stdin s", given + "\n\n", "", given + "\n", ""},
		{"blanks and lines are kept", "-stdin s", " -----BEGIN\nKEY \n", "", " -----BEGIN\nKEY ", ""},
		{"the longest", "-stdin s", long + "\r\n", "", long, ""},
		{"too long", "-stdin s", long + "xx", "", "", "key: the value of secret s has more than the 65536 bytes"},
		{"too long with a newline", "-stdin s", long + "x\n", "", "", "key: the value of secret s has more than the 65536 bytes"},
		{"nothing", "-stdin s", "", "", "", "key: the value of secret s is empty"},
		{"a newline", "-stdin s", "\n", "", "", "key: the value of secret s is empty"},
		{"not text", "-stdin s", given + "\xff", "", "", "key: the value of secret s is not UTF-8 text"},
		{"replaces another value", "-replace -stdin s", given, "old value", given, ""},
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

// TestFullIsNotAsked checks that a secret with a value is refused before the
// command reads a new value.
func TestFullIsNotAsked(t *testing.T) {
	operatortest.Serve(t, map[string]string{"full": "old value"})
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"-stdin", "full"}, iotest.ErrReader(errTouched), io.Discard, &stderr)
	if want := "key: secret full has a value; replace it"; code != 1 || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("exit %d, stderr %q, want %q", code, &stderr, want)
	}
}
