package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"skiff/infra/operator/operatortest"
)

func TestKey(t *testing.T) {
	values := map[string]string{"empty": "", "full": "old value"}
	operatortest.Serve(t, values)
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"empty", 0, "secret empty has a new key\n", ""},
		{"empty", 1, "", "key: secret empty has a value; replace it with: go run ./infra/key -replace empty\n"},
		{"full", 1, "", "key: secret full has a value"},
		{"-replace full", 0, "secret full has a new key\n", ""},
		{"absent", 1, "", "key: there is no secret absent in this account and region"},
		{"-replace absent", 1, "", "key: write secret absent"},
		{"", 2, "", "usage: go run ./infra/key"},
		{"a b", 2, "", "usage: go run ./infra/key"},
		{"-nope a", 2, "", "flag provided but not defined: -nope"},
		{"-h", 0, "", "usage: go run ./infra/key"},
	} {
		var stdout, stderr bytes.Buffer
		// Without -stdin, standard input is not read.
		code := run(t.Context(), strings.Fields(test.args), iotest.ErrReader(errTouched), &stdout, &stderr)
		if code != test.code || stdout.String() != test.stdout || !strings.HasPrefix(stderr.String(), test.stderr) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", test.args, code, &stdout, &stderr)
		}
		for name, value := range values {
			if value != "" && strings.Contains(stdout.String()+stderr.String(), value) {
				t.Errorf("%q prints the key of %s", test.args, name)
			}
		}
	}
	if len(values["empty"]) < 32 || len(values["full"]) < 32 || values["empty"] == values["full"] {
		t.Errorf("keys %q", values)
	}
}
