package secret

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"skiff/lambdas/function"
)

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:staging/key-1-AbCdEf"

// keeper stands in for Secrets Manager.
type keeper struct {
	status int
	body   string
	calls  int
}

func (k *keeper) Do(r *http.Request) (*http.Response, error) {
	k.calls++
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

func newReader(t *testing.T, k *keeper) (*Reader, *time.Time) {
	t.Helper()
	environment := map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "THE_SECRET": arn}
	r, err := NewReader(function.Environment{HTTP: k, Getenv: func(name string) string { return environment[name] }}, "THE_SECRET")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r.Now = func() time.Time { return now }
	return r, &now
}

// A value is read once in five minutes, and a new one is in use after that.
func TestValueIsKept(t *testing.T) {
	t.Parallel()
	first, second := strings.Repeat("a", 32), strings.Repeat("b", 40)
	k := &keeper{}
	k.value(first)
	r, now := newReader(t, k)
	for _, c := range []struct {
		pass  time.Duration
		want  string
		calls int
	}{{0, first, 1}, {4*time.Minute + 59*time.Second, first, 1}, {time.Second, second, 2}, {time.Minute, second, 2}} {
		*now = now.Add(c.pass)
		got, err := r.Value(t.Context())
		if err != nil || got != c.want || k.calls != c.calls {
			t.Errorf("after %s: %q, %v, %d calls", c.pass, got, err, k.calls)
		}
		k.value(second)
	}
}

// A value that cannot be read again is used on, for an hour; one that is not
// there any more is not.
func TestValueGoesStale(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("a", 32)
	k := &keeper{}
	k.value(value)
	r, now := newReader(t, k)
	if _, err := r.Value(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.fail("AccessDeniedException")
	*now = now.Add(keepTime)
	for range 3 { // of which the first asks
		if got, err := r.Value(t.Context()); err != nil || got != value || k.calls != 2 {
			t.Errorf("%q, %v, %d calls", got, err, k.calls)
		}
	}
	*now = now.Add(retryTime)
	if _, err := r.Value(t.Context()); err != nil || k.calls != 3 {
		t.Errorf("%v, %d calls", err, k.calls)
	}
	*now = now.Add(staleTime)
	var failure *function.Failure
	if got, err := r.Value(t.Context()); !errors.As(err, &failure) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	k.value(value)
	if _, err := r.Value(t.Context()); err != nil {
		t.Error(err)
	}
	k.fail("ResourceNotFoundException")
	*now = now.Add(keepTime)
	if got, err := r.Value(t.Context()); err == nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestUnusable(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	r, _ := newReader(t, k)
	const hint = "; put one: go run ./infra/key staging/key-1"
	for want, set := range map[string]func(){
		"secret staging/key-1 has no value" + hint:                       func() { k.fail("ResourceNotFoundException") },
		"secret staging/key-1 has a value of fewer than 32 bytes" + hint: func() { k.value(strings.Repeat("a", 31)) },
		"secretsmanager:GetSecretValue: InvalidRequestException":         func() { k.fail("InvalidRequestException") },
		"secret staging/key-1 has a value that is not text" + hint:       func() { k.status, k.body = 200, `{"SecretBinary":"AAAA"}` },
	} {
		set()
		if got, err := r.Value(t.Context()); err == nil || err.Error() != want || got != "" {
			t.Errorf("%q, %v, want %s", got, err, want)
		}
	}
}

func TestNewReaderRefuses(t *testing.T) {
	t.Parallel()
	_, err := NewReader(function.Environment{Getenv: func(string) string { return "" }}, "THE_SECRET")
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
