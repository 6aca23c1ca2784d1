package s3

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestParts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
	key := aws.String("big")
	upload, err := f.role.CreateMultipartUpload(t.Context(), &sdk.CreateMultipartUploadInput{Bucket: mineBucket, Key: key, ContentType: aws.String("text/plain"), Metadata: map[string]string{"a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	first, second := strings.Repeat("a", 5<<20), "tail"
	var parts []types.CompletedPart
	for i, body := range []string{first, second} {
		number := aws.Int32(int32(i + 1))
		part, err := f.role.UploadPart(t.Context(), &sdk.UploadPartInput{Bucket: mineBucket, Key: key, UploadId: upload.UploadId, PartNumber: number, Body: strings.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: part.ETag, PartNumber: number})
	}
	if out, err := f.role.ListParts(t.Context(), &sdk.ListPartsInput{Bucket: mineBucket, Key: key, UploadId: upload.UploadId}); err != nil || len(out.Parts) != 2 {
		t.Errorf("parts %v, %v", out, err)
	}
	if _, err := f.admin.HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: mineBucket, Key: key}); code(err) != "NotFound" {
		t.Errorf("before it is complete: %v", err)
	}
	if _, err := f.role.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadInput{Bucket: mineBucket, Key: key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}); err != nil {
		t.Fatal(err)
	}
	if got := f.body(t, "big"); got != first+second {
		t.Errorf("read %d bytes", len(got))
	}
	if held, _ := f.objects.get("mine", "big"); held.Headers["Content-Type"] != "text/plain" || held.Headers["X-Amz-Meta-A"] != "1" {
		t.Errorf("held with %v", held.Headers)
	}
	other, err := f.role.CreateMultipartUpload(t.Context(), &sdk.CreateMultipartUploadInput{Bucket: mineBucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.role.AbortMultipartUpload(t.Context(), &sdk.AbortMultipartUploadInput{Bucket: mineBucket, Key: key, UploadId: other.UploadId}); err != nil {
		t.Error(err)
	}
	if got := f.body(t, "big"); got != first+second {
		t.Errorf("after another upload was aborted there are %d bytes", len(got))
	}
}

// TestChunks reads a chunked body, which SDKs send if they do not know the
// length.
func TestChunks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body, want, err string }{
		{"two", "5\r\nhello\r\n2;chunk-signature=abc\r\n, \r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "hello, ", ""},
		{"no trailer", "1\r\nx\r\n0\r\n\r\n", "x", ""},
		{"none", "0\r\n\r\n", "", ""},
		{"cut", "5\r\nhel", "hel", "IncompleteBody"},
		{"no end", "1\r\nx\r\n", "x", "IncompleteBody"},
		{"no length", "zz\r\nx\r\n", "", "IncompleteBody"},
		{"longer than its length", "1\r\nxy\r\n0\r\n\r\n", "x", "IncompleteBody"},
	} {
		c := &call{Request: &http.Request{Body: body(test.body), Header: http.Header{"X-Amz-Decoded-Content-Length": {"7"}}}, payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
		if err := c.readBody(); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(c.Body)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}
