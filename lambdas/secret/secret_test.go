package secret

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"skiff/lambdas/function"
)

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:staging/key-1-AbCdEf"

// keeper is a fake Secrets Manager that always returns one response.
type keeper struct {
	status int
	body   string
}

func (k *keeper) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: k.status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(k.body)),
	}, nil
}

func (k *keeper) value(v string) {
	k.status, k.body = http.StatusOK, fmt.Sprintf(`{"SecretString":%q}`, v)
}
func (k *keeper) fail(code string) {
	k.status, k.body = http.StatusBadRequest, fmt.Sprintf(`{"__type":%q,"message":%q}`, code, arn)
}

func newReader(t *testing.T, k *keeper, minimum int) *Reader {
	t.Helper()
	environment := map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "THE_SECRET": arn}
	r, err := NewReader(function.Environment{HTTP: k, Getenv: func(name string) string { return environment[name] }}, "THE_SECRET", minimum)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestUnusable(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	r := newReader(t, k, 32)
	const hint = "; put one: go run ./infra/key staging/key-1, with -stdin for a value from a third party"
	for want, set := range map[string]func(){
		"secret staging/key-1 has no value" + hint:                       func() { k.fail("ResourceNotFoundException") },
		"secret staging/key-1 has a value of fewer than 32 bytes" + hint: func() { k.value(strings.Repeat("a", 31)) },
		"secretsmanager:GetSecretValue: InvalidRequestException":         func() { k.fail("InvalidRequestException") },
		"secret staging/key-1 has an empty value" + hint:                 func() { k.value("") },
		"secret staging/key-1 has a value that is not text" + hint:       func() { k.status, k.body = 200, `{"SecretBinary":"AAAA"}` },
	} {
		set()
		if got, err := r.Value(t.Context()); err == nil || err.Error() != want || got != "" {
			t.Errorf("%q, %v, want %s", got, err, want)
		}
	}
}

// A third party's secret may be short, but not empty.
func TestMinimum(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	for _, minimum := range []int{0, 1, 4} {
		k.value("sk_1")
		if got, err := newReader(t, k, minimum).Value(t.Context()); err != nil || got != "sk_1" {
			t.Errorf("at least %d: %q, %v", minimum, got, err)
		}
		k.value("")
		var unusable *function.Unusable
		if got, err := newReader(t, k, minimum).Value(t.Context()); !errors.As(err, &unusable) {
			t.Errorf("at least %d: %q, %v", minimum, got, err)
		}
	}
}

func TestNewReaderRefuses(t *testing.T) {
	t.Parallel()
	_, err := NewReader(function.Environment{Getenv: func(string) string { return "" }}, "THE_SECRET", 0)
	if err == nil || !strings.Contains(err.Error(), "THE_SECRET is not set") {
		t.Errorf("%v", err)
	}
}

func TestNameOf(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		arn: "staging/key-1", "arn:aws:secretsmanager:us-east-1:1:secret:x": "x", "name": "name",
		"arn:aws:secretsmanager:us-east-1:1:secret:-AbCdEf": "-AbCdEf",
	} {
		if got := nameOf(arn); got != want {
			t.Errorf("%s: %q", arn, got)
		}
	}
}
