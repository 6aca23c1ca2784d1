package parameter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"skiff/lambdas/function"
)

// parameters is a fake SSM with one parameter, /pay/limit. A test sets its
// value and type.
type parameters struct{ kind, value, failure string }

func (p *parameters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name           string
		WithDecryption bool
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" {
		http.Error(w, "not GetParameter", http.StatusBadRequest)
		return
	}
	failure, value := p.failure, p.value
	switch {
	case failure == "" && strings.TrimPrefix(in.Name, "arn:aws:ssm:eu-west-1:1:parameter") != "/pay/limit":
		failure = "ParameterNotFound"
	case p.kind == "SecureString" && !in.WithDecryption:
		value = "encrypted"
	}
	if failure != "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type":%q,"message":"no"}`, failure)
		return
	}
	fmt.Fprintf(w, `{"Parameter":{"Name":%q,"Type":%q,"Value":%q}}`, in.Name, p.kind, value)
}

func newReader(t *testing.T, p *parameters, name string) *Reader {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	environment := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
		"AWS_ENDPOINT_URL_SSM": server.URL, "LIMIT_PARAMETER": name,
	}
	r, err := NewReader(function.Environment{Getenv: func(n string) string { return environment[n] }}, "LIMIT_PARAMETER")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestValue(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"String", "StringList", "SecureString"} {
		for _, name := range []string{"/pay/limit", "arn:aws:ssm:eu-west-1:1:parameter/pay/limit"} {
			p := &parameters{kind: kind, value: "10,20"}
			r := newReader(t, p, name)
			for range 2 {
				if got, err := r.Value(t.Context()); err != nil || got != "10,20" {
					t.Errorf("%s %s: %q, %v", kind, name, got, err)
				}
				p.value = "30" // the cached value stays in use
			}
		}
	}
}

func TestNoValue(t *testing.T) {
	t.Parallel()
	got, err := newReader(t, &parameters{}, "arn:aws:ssm:eu-west-1:1:parameter/pay/none").Value(t.Context())
	var unusable *function.Unusable
	const want = "parameter /pay/none does not exist; put one: aws ssm put-parameter --type String --name /pay/none --value VALUE"
	if !errors.As(err, &unusable) || err.Error() != want || got != "" {
		t.Errorf("%q, %v, want %s", got, err, want)
	}
	if got, err := newReader(t, &parameters{kind: "String"}, "/pay/limit").Value(t.Context()); !errors.As(err, &unusable) {
		t.Errorf("an empty value: %q, %v", got, err)
	}
	var failure *function.Failure
	_, err = newReader(t, &parameters{failure: "AccessDeniedException"}, "/pay/limit").Value(t.Context())
	if !errors.As(err, &failure) || err.Error() != "ssm:GetParameter: AccessDeniedException" {
		t.Errorf("%v", err)
	}
}

func TestNameOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"limit": "limit", "/pay/limit": "/pay/limit",
		"arn:aws:ssm:eu-west-1:1:parameter/pay/limit": "/pay/limit", "arn:aws:ssm:eu-west-1:1:parameter/limit": "limit",
	} {
		if got := nameOf(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestNewReaderRefuses(t *testing.T) {
	t.Parallel()
	_, err := NewReader(function.Environment{Getenv: func(string) string { return "" }}, "LIMIT_PARAMETER")
	if err == nil || !strings.Contains(err.Error(), "LIMIT_PARAMETER is not set") {
		t.Errorf("%v", err)
	}
}
