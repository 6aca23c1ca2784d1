package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"skiff/infra/operator/operatortest"
	"skiff/lambdas/tokens"
)

func TestToken(t *testing.T) {
	key := strings.Repeat("k", 32)
	operatortest.Serve(t, map[string]string{"full": key, "empty": "", "short": "k"})
	for _, test := range []struct {
		args, named string
		code        int
		stderr      string
	}{
		{"full", "", 0, ""},
		{"", "full", 0, ""},
		{"full", "empty", 0, ""}, // an argument overrides the environment
		{"-subject ann -expires 15m full", "", 0, ""},
		{"", "", 2, "usage: go run ./infra/token"},
		{"a b", "", 2, "usage"},
		{"-expires 0s full", "", 2, "usage"},
		{"-expires 8761h full", "", 2, "usage"},
		{"-subject= full", "", 2, "usage"},
		{"empty", "", 1, "token: secret empty: has no value; set one: go run ./infra/key empty\n"},
		{"short", "", 1, "token: sign a token: the key has 1 bytes"},
		{"absent", "", 1, "token: there is no secret absent in this account and region"},
	} {
		t.Setenv("TOKEN_KEY_SECRET", test.named)
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(test.args), &stdout, &stderr)
		if code != test.code || !strings.HasPrefix(stderr.String(), test.stderr) || (stdout.Len() > 0) != (code == 0) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", test.args, code, &stdout, &stderr)
		}
		if code != 0 {
			continue
		}
		subject, err := tokens.Verify([]byte(key), strings.TrimSpace(stdout.String()), time.Now())
		if want := map[bool]string{true: "ann", false: "operator"}[strings.Contains(test.args, "ann")]; subject != want || err != nil {
			t.Errorf("%q: a token for %q, %v", test.args, subject, err)
		}
		if _, err := tokens.Verify([]byte(key), strings.TrimSpace(stdout.String()), time.Now().Add(16*time.Minute)); strings.Contains(test.args, "15m") && err == nil {
			t.Errorf("%q: valid for longer", test.args)
		}
	}
}
