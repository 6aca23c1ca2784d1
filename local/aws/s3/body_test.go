package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// TestBodies sends bodies as SDKs in other languages do: with a signed hash, in
// signed chunks, and with a hash that does not match.
func TestBodies(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:PutObject")
	keys := f.authority.IssueAdministrator()
	credentials := aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}
	sum := sha256.Sum256([]byte("hello"))
	chunk := ";chunk-signature=" + strings.Repeat("a", 64) + "\r\n"
	for _, test := range []struct{ name, payload, body, decoded, want string }{
		{"hash", hex.EncodeToString(sum[:]), "hello", "", "hello"},
		{"another hash", hex.EncodeToString(sum[:]), "hullo", "", "BadDigest"},
		{"no hash", "abc", "hello", "", "InvalidArgument"},
		{"no signature of the body", "UNSIGNED-PAYLOAD", "hello", "", "hello"},
		{"chunks", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "5" + chunk + "hello\r\n0" + chunk + "\r\n", "5", "hello"},
		{"chunks of another length", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "5" + chunk + "hello\r\n0" + chunk + "\r\n", "6", "IncompleteBody"},
		{"chunks without a length", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0\r\n\r\n", "", "MissingContentLength"},
	} {
		f.put(t, "k", "before")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, f.url+"/mine/k", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Content-Sha256", test.payload)
		if test.decoded != "" {
			r.Header.Set("X-Amz-Decoded-Content-Length", test.decoded)
			r.Header.Set("Content-Encoding", "aws-chunked")
		}
		if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, test.payload, "s3", region, time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }); err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer := text(t, response.Body)
		got := f.body(t, "k")
		if response.StatusCode != http.StatusOK {
			if got != "before" {
				t.Errorf("%s: refused, and the object is now %q", test.name, got)
			}
			got = answer
		}
		if got != test.want && !strings.Contains(got, "<Code>"+test.want+"</Code>") {
			t.Errorf("%s: %s %q, want %s", test.name, response.Status, got, test.want)
		}
		if held, err := f.objects.get("mine", "k"); err != nil || held.Headers["Content-Encoding"] != "" {
			t.Errorf("%s: held with %v, %v", test.name, held.Headers, err)
		}
	}
}
