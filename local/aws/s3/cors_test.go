package s3

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"skiff/local/store"
)

func TestCheckCORS(t *testing.T) {
	t.Parallel()
	of := func(rule CORSRule) CORS { return CORS{Rules: []CORSRule{rule}} }
	for _, test := range []struct {
		name, want string
		in         CORS
	}{
		{"plain", "", of(CORSRule{ID: "a", AllowedHeaders: []string{"x-*", "*"}, AllowedMethods: []string{"GET", "PUT", "HEAD", "POST", "DELETE"}, AllowedOrigins: []string{"https://*.example.com"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: 60})},
		{"method", "corsRules[0].allowedMethods", of(CORSRule{AllowedMethods: []string{"PATCH"}})},
		{"origin", "corsRules[0].allowedOrigins", of(CORSRule{AllowedOrigins: []string{"https://*.*"}})},
		{"header", "corsRules[0].allowedHeaders", of(CORSRule{AllowedHeaders: []string{"*-*"}})},
		{"exposed", "corsRules[0].exposeHeaders", of(CORSRule{ExposeHeaders: []string{"*"}})},
		{"id", "corsRules[0].id", of(CORSRule{ID: strings.Repeat("x", 256)})},
		{"many", "corsRules", CORS{Rules: make([]CORSRule, 101)}},
	} {
		wantProblems(t, test.name, checkCORS(test.in), test.want)
	}
}

// TestPreflight sends the preflight request of a browser, then the request
// itself.
func TestPreflight(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:PutObject")
	signed, err := sdk.NewPresignClient(f.role).PresignPutObject(t.Context(), &sdk.PutObjectInput{Bucket: mineBucket, Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(origin, method, headers string) (*http.Response, string) {
		return send(t, http.MethodOptions, signed.URL, "", http.Header{"Origin": {origin}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {headers}})
	}
	const origin = "https://shop.example.com"
	if r, text := ask(origin, "PUT", ""); r.StatusCode != http.StatusForbidden || !strings.Contains(text, "CORS is not enabled for this bucket") {
		t.Errorf("without rules: %s %s", r.Status, text)
	}
	put(t, f.Buckets, CORSToken, store.Record[CORS]{ID: "mine", Account: account, Inputs: CORS{Bucket: "mine", Rules: []CORSRule{
		{AllowedMethods: []string{"PUT"}, AllowedOrigins: []string{"https://*.example.com"}, AllowedHeaders: []string{"Content-*"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: 60},
		{AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"*"}},
	}}})
	want := http.Header{
		"Access-Control-Allow-Origin": {origin}, "Access-Control-Allow-Methods": {"PUT"}, "Access-Control-Allow-Headers": {"content-type"},
		"Access-Control-Expose-Headers": {"ETag"}, "Access-Control-Max-Age": {"60"}, "Access-Control-Allow-Credentials": {"true"},
		"Vary": {"Origin, Access-Control-Request-Headers, Access-Control-Request-Method"},
	}
	r, _ := ask(origin, "PUT", "Content-Type")
	for name, values := range want {
		if got := r.Header.Get(name); r.StatusCode != http.StatusOK || got != values[0] {
			t.Errorf("preflight: %s, %s: %q, want %q", r.Status, name, got, values[0])
		}
	}
	for _, test := range []struct{ origin, method, headers string }{
		{"https://example.org", "PUT", ""}, {"https://example.com", "PUT", ""}, {origin, "DELETE", ""}, {origin, "PUT", "x-amz-acl"}, {"https://shopXexample.com", "PUT", ""},
	} {
		if r, text := ask(test.origin, test.method, test.headers); r.StatusCode != http.StatusForbidden || r.Header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(text, "AccessForbidden") {
			t.Errorf("%v: %s %v", test, r.Status, r.Header)
		}
	}
	if r, _ := ask("https://example.org", "GET", ""); r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("of any origin: %v", r.Header)
	}
	for from, want := range map[string]string{origin: origin, "https://example.org": ""} {
		r, text := send(t, http.MethodPut, signed.URL, "x", http.Header{"Origin": {from}})
		if got := r.Header.Get("Access-Control-Allow-Origin"); r.StatusCode != http.StatusOK || got != want {
			t.Errorf("a write from %s: %s %s, allowed for %q", from, r.Status, text, got)
		}
	}
	// A page must be able to read the refusal, too.
	if r, _ := send(t, http.MethodPut, signed.URL+"x", "x", http.Header{"Origin": {origin}}); r.StatusCode != http.StatusForbidden || r.Header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("a refusal: %s %v", r.Status, r.Header)
	}
}
