package s3

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
)

func body(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

func readAll(r io.Reader) (string, error) {
	data, err := io.ReadAll(r)
	return string(data), err
}

// TestPresigned uses presigned URLs as curl does: with only the URL.
func TestPresigned(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:PutObject", "s3:GetObject")
	signer := sdk.NewPresignClient(f.role)
	const key = "in/ä b+c"
	put, err := signer.PresignPutObject(t.Context(), &sdk.PutObjectInput{Bucket: mineBucket, Key: aws.String(key), ContentType: aws.String("text/plain"), Metadata: map[string]string{"a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	headers := put.SignedHeader.Clone()
	headers.Del("Host")
	if r, text := send(t, http.MethodPut, put.URL, "from curl", headers); r.StatusCode != http.StatusOK {
		t.Fatalf("put: %s %s", r.Status, text)
	}
	got, err := signer.PresignGetObject(t.Context(), &sdk.GetObjectInput{Bucket: mineBucket, Key: aws.String(key), ResponseContentDisposition: aws.String("attachment; filename=x")})
	if err != nil {
		t.Fatal(err)
	}
	r, text := send(t, http.MethodGet, got.URL, "", nil)
	if r.StatusCode != http.StatusOK || text != "from curl" || r.Header.Get("Content-Disposition") != "attachment; filename=x" || r.Header.Get("Content-Type") != "text/plain" || r.Header.Get("X-Amz-Meta-A") != "1" {
		t.Errorf("get: %s %q %v", r.Status, text, r.Header)
	}
	if r, text := send(t, http.MethodGet, got.URL, "", http.Header{"Range": {"bytes=5-"}}); r.StatusCode != http.StatusPartialContent || text != "curl" {
		t.Errorf("a range: %s %q", r.Status, text)
	}
	change := func(from, to string) string {
		if !strings.Contains(got.URL, from) {
			t.Fatalf("%s has no %s", got.URL, from)
		}
		return strings.Replace(got.URL, from, to, 1)
	}
	for _, test := range []struct {
		name, method, url string
		headers           http.Header
		want              string
	}{
		{"another method", http.MethodPut, got.URL, nil, "SignatureDoesNotMatch"},
		{"another key", http.MethodGet, change("/mine/in/", "/mine/out/"), nil, "SignatureDoesNotMatch"},
		{"a longer life", http.MethodGet, change("X-Amz-Expires=900", "X-Amz-Expires=901"), nil, "SignatureDoesNotMatch"},
		{"another answer", http.MethodGet, change("filename%3Dx", "filename%3Dy"), nil, "SignatureDoesNotMatch"},
		{"another key's id", http.MethodGet, change("X-Amz-Credential=ASIA", "X-Amz-Credential=ASIB"), nil, "InvalidAccessKeyId"},
		{"no expiry", http.MethodGet, change("X-Amz-Expires=900", ""), nil, "AuthorizationQueryParametersError"},
		{"eight days", http.MethodGet, change("X-Amz-Expires=900", "X-Amz-Expires=691200"), nil, "AuthorizationQueryParametersError"},
		{"a signed header that is missing", http.MethodPut, put.URL, nil, "SignatureDoesNotMatch"},
		{"no signature", http.MethodGet, strings.SplitN(got.URL, "?", 2)[0], nil, "AccessDenied"},
	} {
		r, text := send(t, test.method, test.url, "x", test.headers)
		if r.StatusCode < 400 || !strings.Contains(text, "<Code>"+test.want+"</Code>") {
			t.Errorf("%s: %s %s, want %s", test.name, r.Status, text, test.want)
		}
	}
	if got := f.body(t, key); got != "from curl" {
		t.Errorf("the object is now %q", got)
	}
	f.allow(t, "s3:PutObject", "arn:aws:s3:::mine*")
	if r, text := send(t, http.MethodGet, got.URL, "", nil); r.StatusCode != http.StatusForbidden || !strings.Contains(text, "not authorized to perform: s3:GetObject on resource: arn:aws:s3:::mine/"+key) {
		t.Errorf("once the role may not: %s %s", r.Status, text)
	}
}

// TestVirtualHost puts the bucket in the host name.
func TestVirtualHost(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:GetObject")
	f.put(t, "a/b", "x")
	for host, want := range map[string][2]string{
		"mine.localhost:80": {"mine", "mine/a/b"}, "127.0.0.1:80": {"mine", "a/b"}, "localhost": {"mine", "a/b"}, "my.site.localhost": {"my.site", "mine/a/b"},
	} {
		u, err := url.Parse("http://h/mine/a/b")
		if err != nil {
			t.Fatal(err)
		}
		if bucket, key := address(&http.Request{Host: host, URL: u}); bucket != want[0] || key != want[1] {
			t.Errorf("%s: %s, %s", host, bucket, key)
		}
	}
	// The SDK puts the bucket before a host name, but not before an IP address.
	_, port, _ := strings.Cut(strings.TrimPrefix(f.url, "http://"), ":")
	keys := f.authority.Issue("arn:aws:iam::"+account+":role/r", "f")
	here := *f
	here.url = "http://localhost:" + port
	signed, err := sdk.NewPresignClient(here.client(keys)).PresignGetObject(t.Context(), &sdk.GetObjectInput{Bucket: mineBucket, Key: aws.String("a/b")})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed.URL)
	if err != nil || u.Host != "mine.localhost:"+port {
		t.Fatalf("signed for %s, %v", u.Host, err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(signed.URL, u.Host, "127.0.0.1:"+port, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = u.Host
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, response.Body); got != "x" {
		t.Errorf("read %q", got)
	}
}
