package s3

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
)

// statusOf returns the status of an error's response, 200 for nil.
func statusOf(err error) int {
	var answered interface{ HTTPStatusCode() int }
	if errors.As(err, &answered) {
		return answered.HTTPStatusCode()
	}
	if err != nil {
		return 0
	}
	return 200
}

func TestConditionalReads(t *testing.T) {
	t.Parallel()
	f := newFixture(t, `s3:GetObject","s3:ListBucket`)
	f.put(t, "k", "x")
	const tag = `"9dd4e461268c8034f5c8564e155c67a6"`
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for _, test := range []struct {
		name string
		in   sdk.GetObjectInput
		want int
	}{
		{"its tag", sdk.GetObjectInput{IfMatch: aws.String(tag)}, 200},
		{"another tag", sdk.GetObjectInput{IfMatch: aws.String(`"other"`)}, 412},
		{"any tag", sdk.GetObjectInput{IfMatch: aws.String("*")}, 200},
		{"modified since", sdk.GetObjectInput{IfUnmodifiedSince: &past}, 412},
		{"not modified since", sdk.GetObjectInput{IfUnmodifiedSince: &future}, 200},
		{"its tag, modified since", sdk.GetObjectInput{IfMatch: aws.String(tag), IfUnmodifiedSince: &past}, 200},
		{"known already", sdk.GetObjectInput{IfNoneMatch: aws.String(tag)}, 304},
		{"another one known", sdk.GetObjectInput{IfNoneMatch: aws.String(`"other"`)}, 200},
		{"none", sdk.GetObjectInput{Key: aws.String("none"), IfMatch: aws.String(tag)}, 404},
	} {
		if test.in.Bucket = mineBucket; test.in.Key == nil {
			test.in.Key = aws.String("k")
		}
		_, err := f.role.GetObject(t.Context(), &test.in)
		if got := statusOf(err); got != test.want {
			t.Errorf("%s: %d (%v), want %d", test.name, got, err, test.want)
		}
		head := &sdk.HeadObjectInput{Bucket: mineBucket, Key: test.in.Key, IfMatch: test.in.IfMatch, IfUnmodifiedSince: test.in.IfUnmodifiedSince, IfNoneMatch: test.in.IfNoneMatch}
		if _, err := f.role.HeadObject(t.Context(), head); statusOf(err) != test.want {
			t.Errorf("head, %s: %v, want %d", test.name, err, test.want)
		}
	}
}

// TestUnknownConditions checks that a call with an unsupported condition writes
// and deletes nothing.
func TestUnknownConditions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:*")
	f.put(t, "k", "x")
	key, other := aws.String("k"), aws.String(`"other"`)
	_, copied := f.role.CopyObject(t.Context(), &sdk.CopyObjectInput{Bucket: mineBucket, Key: key, CopySource: aws.String("mine/k"), IfNoneMatch: aws.String("*"), MetadataDirective: types.MetadataDirectiveReplace})
	_, deleted := f.role.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: mineBucket, Key: key, IfMatch: other})
	_, sized := f.role.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: mineBucket, Key: key, IfMatchSize: aws.Int64(7)})
	upload, err := f.role.CreateMultipartUpload(t.Context(), &sdk.CreateMultipartUploadInput{Bucket: mineBucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	_, completed := f.role.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadInput{Bucket: mineBucket, Key: key, UploadId: upload.UploadId, IfNoneMatch: aws.String("*"),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: other, PartNumber: aws.Int32(1)}}}})
	_, many := f.role.DeleteObjects(t.Context(), &sdk.DeleteObjectsInput{Bucket: mineBucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key, ETag: other}}}})
	for name, err := range map[string]error{"copy": copied, "delete": deleted, "delete by size": sized, "complete": completed, "delete many": many} {
		if code(err) != "NotImplemented" {
			t.Errorf("%s: %v, want NotImplemented", name, err)
		}
	}
	if got := f.body(t, "k"); got != "x" {
		t.Errorf("the object is %q", got)
	}
}
