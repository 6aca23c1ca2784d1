package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWithoutSecretsProvider(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"stack select --create --stack review-1 --secrets-provider awskms://alias/x": "stack select --create --stack review-1",
		"stack init a --secrets-provider=awskms://alias/x --no-select":               "stack init a --no-select",
		"stack init a --secrets-provider":                                            "stack init a",
		"up --yes":                                                                   "up --yes",
	} {
		if got := withoutSecretsProvider(strings.Fields(args)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q becomes %q, want %q", args, got, want)
		}
	}
}

// TestNoRole checks that a job without credentials makes no call to STS.
func TestNoRole(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "token")
	for _, test := range []struct{ role, file, want string }{
		{"", missing, "AWS_ROLE_ARN"},
		{"arn:aws:iam::111111111111:role/x", "", "AWS_WEB_IDENTITY_TOKEN_FILE"},
		{"arn:aws:iam::111111111111:role/x", missing, "the token for the role arn:aws:iam::111111111111:role/x: open " + missing},
	} {
		env := map[string]string{"AWS_ROLE_ARN": test.role, "AWS_WEB_IDENTITY_TOKEN_FILE": test.file}
		if _, err := (session{}).assumeRole(t.Context(), func(name string) string { return env[name] }); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("role %q, file %q: %v, want %q", test.role, test.file, err, test.want)
		}
	}
}
