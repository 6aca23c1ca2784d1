package bucket

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"skiff/lambdas/function"
)

func open(t *testing.T, endpoint string) *Bucket {
	t.Helper()
	environment := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c",
		"AWS_ENDPOINT_URL_S3": endpoint, "UPLOADS": "uploads-1",
	}
	b, err := Open(function.Environment{Getenv: func(n string) string { return environment[n] }}, "UPLOADS")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// store is a fake S3. It accepts a PUT if signing the request again gives the
// same signature.
type store struct {
	t       *testing.T
	objects map[string]string
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	signature := query.Get("X-Amz-Signature")
	at, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil {
		s.t.Error(err)
	}
	for name := range query {
		if strings.HasPrefix(name, "X-Amz-") && name != "X-Amz-Expires" {
			query.Del(name)
		}
	}
	again, _ := http.NewRequest(r.Method, "http://"+r.Host+r.URL.EscapedPath()+"?"+query.Encode(), nil)
	again.Header.Set("Content-Type", r.Header.Get("Content-Type"))
	signed, _, err := v4.NewSigner().PresignHTTP(r.Context(),
		aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "b", SessionToken: "c"},
		again, "UNSIGNED-PAYLOAD", "s3", "eu-west-1", at, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		s.t.Error(err)
	}
	if u, err := url.Parse(signed); err != nil || u.Query().Get("X-Amz-Signature") != signature {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.objects[r.URL.Path] = string(body)
}

// A client can upload with nothing but the URL, and only what the URL was
// signed for.
func TestPresignPut(t *testing.T) {
	t.Parallel()
	s := &store{t: t, objects: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	signed, err := open(t, server.URL).PresignPut(t.Context(), "orders/7/ä b.pdf", "application/pdf", 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	put := func(u, contentType string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, u, strings.NewReader("%PDF"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	for name, c := range map[string]struct {
		url, contentType string
		want             int
	}{
		"as signed":            {signed, "application/pdf", 200},
		"another content type": {signed, "text/html", 403},
		"another key":          {strings.Replace(signed, "orders/7", "orders/8", 1), "application/pdf", 403},
		"a longer expiry":      {strings.Replace(signed, "X-Amz-Expires=900", "X-Amz-Expires=9000", 1), "application/pdf", 403},
	} {
		if got := put(c.url, c.contentType); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if len(s.objects) != 1 || s.objects["/uploads-1/orders/7/ä b.pdf"] != "%PDF" {
		t.Errorf("%v", s.objects)
	}
}

// On AWS each bucket has its own host. No checksum of the body is signed.
func TestPresignPutOnAWS(t *testing.T) {
	t.Parallel()
	signed, err := open(t, "").PresignPut(t.Context(), "a", "text/plain", time.Minute)
	u, parseErr := url.Parse(signed)
	if err != nil || parseErr != nil {
		t.Fatal(err, parseErr)
	}
	if u.Scheme != "https" || u.Host != "uploads-1.s3.eu-west-1.amazonaws.com" || u.Path != "/a" {
		t.Errorf("%s", u.Host+u.Path)
	}
	q := u.Query()
	if q.Get("X-Amz-Expires") != "60" || q.Get("X-Amz-SignedHeaders") != "content-type;host" {
		t.Errorf("%v", q)
	}
	for name := range q { // the function that signs does not know the body
		if strings.Contains(strings.ToLower(name), "checksum") {
			t.Errorf("the URL asks for a checksum: %s", name)
		}
	}
}

// A custom endpoint has one host for all buckets.
func TestPresignPutElsewhere(t *testing.T) {
	t.Parallel()
	signed, err := open(t, "http://s3.test:9000").PresignPut(t.Context(), "a", "text/plain", time.Minute)
	if err != nil || !strings.HasPrefix(signed, "http://s3.test:9000/uploads-1/a?") {
		t.Errorf("%s, %v", signed, err)
	}
}

func TestPresignPutRefuses(t *testing.T) {
	t.Parallel()
	b := open(t, "")
	for want, c := range map[string]struct {
		key, contentType string
		expiry           time.Duration
	}{
		"a key has 1 to 1024 bytes, this one 0":    {"", "a/b", time.Minute},
		"a key has 1 to 1024 bytes, this one 1025": {strings.Repeat("k", 1025), "a/b", time.Minute},
		`no content type for "k"`:                  {"k", "", time.Minute},
		"expires in 1s to 168h0m0s, not in 0s":     {"k", "a/b", 0},
		"not in 168h0m1s":                          {"k", "a/b", maxExpiry + time.Second},
	} {
		if got, err := b.PresignPut(t.Context(), c.key, c.contentType, c.expiry); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q, %v, want %s", got, err, want)
		}
	}
	if _, err := Open(function.Environment{Getenv: func(string) string { return "" }}, "UPLOADS"); err == nil || !strings.Contains(err.Error(), "UPLOADS is not set") {
		t.Errorf("%v", err)
	}
}
