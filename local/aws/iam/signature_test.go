package iam

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"skiff/local/aws/awserr"
)

func provide(c Credentials) aws.CredentialsProviderFunc {
	return func(context.Context) (aws.Credentials, error) { return credentials(c), nil }
}

func credentials(c Credentials) aws.Credentials {
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// TestClientSigns sends a request signed by the SDK that functions use.
func TestClientSigns(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	keys := a.Issue("arn:aws:iam::111111111111:role/r", "f")
	type answer struct {
		caller Caller
		err    error
	}
	answers := make(chan answer, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		caller, err := a.Authenticate(r, body)
		answers <- answer{caller, err}
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	client := dynamodb.New(dynamodb.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: provide(keys), RetryMaxAttempts: 1})
	if _, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("items")}); err != nil {
		t.Fatal(err)
	}
	want := Caller{RoleARN: "arn:aws:iam::111111111111:role/r", ARN: "arn:aws:sts::111111111111:assumed-role/r/f", Region: "eu-west-1"}
	if got := <-answers; got.caller != want || got.err != nil {
		t.Errorf("caller %v, %v; want %v", got.caller, got.err, want)
	}
}

// signed returns a request with repeated and odd query parameters, and with
// headers of several values.
func signed(t *testing.T, keys Credentials, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:1/a%20b/c?z=1&a=2&a=1&empty=&odd=%2F+x", strings.NewReader(body))
	r.Header.Add("X-Amz-Meta", "one")
	r.Header.Add("X-Amz-Meta", "two  three")
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials(keys), r, hash([]byte(body)), "dynamodb", "eu-west-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	keys := a.Issue("arn:aws:iam::111111111111:role/r", "f")
	gone := a.Issue("arn:aws:iam::111111111111:role/r", "gone")
	a.Revoke(gone.AccessKeyID)
	replace := func(header, old, with string) func(*http.Request) {
		return func(r *http.Request) {
			v := r.Header.Get(header)
			if !strings.Contains(v, old) {
				t.Errorf("%s: %q lacks %q", header, v, old)
			}
			r.Header.Set(header, strings.Replace(v, old, with, 1))
		}
	}
	remove := func(header string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Del(header) }
	}
	tests := []struct {
		name   string
		keys   Credentials
		change func(*http.Request)
		want   string
	}{
		{"as signed", keys, func(*http.Request) {}, ""},
		{"header that is not signed", keys, func(r *http.Request) { r.Header.Set("X-Other", "1") }, ""},
		{"body", keys, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("other")) }, "InvalidSignatureException"},
		{"signed header", keys, replace("X-Amz-Meta", "one", "two"), "InvalidSignatureException"},
		{"signed header gone", keys, remove("X-Amz-Meta"), "InvalidSignatureException"},
		{"method", keys, func(r *http.Request) { r.Method = http.MethodPut }, "InvalidSignatureException"},
		{"path", keys, func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/other", "" }, "InvalidSignatureException"},
		{"query", keys, func(r *http.Request) { r.URL.RawQuery = "a=1&a=3" }, "InvalidSignatureException"},
		{"host", keys, func(r *http.Request) { r.Host = "127.0.0.1:2" }, "InvalidSignatureException"},
		{"date", keys, func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }, "InvalidSignatureException"},
		{"signature", keys, replace("Authorization", "Signature=", "Signature=0"), "InvalidSignatureException"},
		{"region", keys, replace("Authorization", "/eu-west-1/", "/us-east-1/"), "InvalidSignatureException"},
		{"secret", Credentials{keys.AccessKeyID, "other", keys.SessionToken}, func(*http.Request) {}, "InvalidSignatureException"},
		{"token", keys, func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") }, "UnrecognizedClientException"},
		{"no token", keys, remove("X-Amz-Security-Token"), "UnrecognizedClientException"},
		{"unknown key", Credentials{"ASIAUNKNOWN", "x", "y"}, func(*http.Request) {}, "UnrecognizedClientException"},
		{"revoked key", gone, func(*http.Request) {}, "UnrecognizedClientException"},
		{"no authorization", keys, remove("Authorization"), "MissingAuthenticationTokenException"},
		{"other scheme", keys, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, "MissingAuthenticationTokenException"},
		{"no signature", keys, replace("Authorization", "Signature=", "Nothing="), "IncompleteSignatureException"},
		{"no credential", keys, replace("Authorization", "Credential=", "Nothing="), "IncompleteSignatureException"},
		{"short credential", keys, replace("Authorization", "/aws4_request", ""), "IncompleteSignatureException"},
		{"no signed headers", keys, replace("Authorization", "SignedHeaders=", "Nothing="), "IncompleteSignatureException"},
		{"no date", keys, remove("X-Amz-Date"), "IncompleteSignatureException"},
		{"malformed date", keys, func(r *http.Request) { r.Header.Set("X-Amz-Date", "today") }, "IncompleteSignatureException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := signed(t, test.keys, "body")
			test.change(r)
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.Authenticate(r, body)
			var refused *awserr.Error
			code := ""
			if errors.As(err, &refused) {
				code = refused.Code
			}
			if code != test.want || (err == nil) != (test.want == "") {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4_request, SignedHeaders=host;x, Signature=00")
	f.Add("AWS4-HMAC-SHA256 ,=,Credential=////,SignedHeaders=;")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := parseAuthorization(header)
		if err == nil && (a.accessKeyID == "" || a.signature == "" || len(a.headers) == 0) {
			t.Errorf("%q is parsed as %v", header, a)
		}
		// Whatever the header claims, sign must fail cleanly or return a
		// signature that does not match.
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(nil))
		if err == nil {
			if again, err := sign(v4.NewSigner(), r, nil, a, Credentials{AccessKeyID: "K", SecretAccessKey: "s"}, time.Unix(0, 0)); err == nil && again == "" {
				t.Errorf("%q has an empty signature", header)
			}
		}
	})
}
