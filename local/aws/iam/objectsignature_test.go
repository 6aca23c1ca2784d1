package iam

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// TestObjectTimes checks that a presigned URL expires to the second and that
// one of the future is refused. A signed request is valid for 15 minutes.
func TestObjectTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := NewAuthority(nil, nil)
	keys := a.IssueAdministrator()
	credentials := aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}
	newRequest := func(url string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	plain := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }
	const where = "http://127.0.0.1:1234/mine/a%20b%2Bc"
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), credentials, newRequest(where+"?X-Amz-Expires=60"), UnsignedPayload, "s3", "eu-west-1", at, plain)
	if err != nil {
		t.Fatal(err)
	}
	direct := newRequest(where)
	direct.Header.Set("X-Amz-Content-Sha256", hash(nil))
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, direct, hash(nil), "s3", "eu-west-1", at, plain); err != nil {
		t.Fatal(err)
	}
	presigned := newRequest(signed)
	for _, test := range []struct {
		name          string
		r             *http.Request
		later         time.Duration
		want, payload string
	}{
		{"URL", presigned, 0, "", UnsignedPayload},
		{"URL in its last second", presigned, time.Minute, "", UnsignedPayload},
		{"URL that is over", presigned, 61 * time.Second, "AccessDenied: Request has expired", ""},
		{"URL of a clock that is ahead", presigned, -14 * time.Minute, "", UnsignedPayload},
		{"URL of the future", presigned, -16 * time.Minute, "AccessDenied: Request is not yet valid", ""},
		{"request", direct, 14 * time.Minute, "", hash(nil)},
		{"request of the past", direct, 16 * time.Minute, "RequestTimeTooSkewed: The difference between the request time and the current time is too large.", ""},
		{"request of the future", direct, -16 * time.Minute, "RequestTimeTooSkewed: The difference between the request time and the current time is too large.", ""},
	} {
		a.now = func() time.Time { return at.Add(test.later) }
		c, payload, err := a.AuthenticateObject(test.r)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want || payload != test.payload || err == nil && c.Region != "eu-west-1" {
			t.Errorf("%s: %q, %q, region %q", test.name, got, payload, c.Region)
		}
	}
}
