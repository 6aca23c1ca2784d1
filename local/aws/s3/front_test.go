package s3

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

var mineBucket = aws.String("mine")

// TestObject writes, reads and deletes an object whose key needs escaping in a
// URL.
func TestObject(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket")
	const key = "ordner/ä b+c%2F//d?e#f"
	body := "hello, objects"
	sum := md5.Sum([]byte(body))
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	put, err := f.role.PutObject(t.Context(), &sdk.PutObjectInput{
		Bucket: mineBucket, Key: aws.String(key), Body: strings.NewReader(body), ContentType: aws.String("text/plain"),
		CacheControl: aws.String("max-age=60"), ContentDisposition: aws.String("attachment"), Metadata: map[string]string{"owner": "me"},
	})
	if err != nil || *put.ETag != etag {
		t.Fatalf("put: %v, %v", put, err)
	}
	head, err := f.role.HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: mineBucket, Key: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.role.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: mineBucket, Key: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	if read := text(t, got.Body); read != body {
		t.Errorf("read %q", read)
	}
	for name, pair := range map[string][2]any{
		"type": {*head.ContentType, "text/plain"}, "type of get": {*got.ContentType, "text/plain"}, "length": {*head.ContentLength, int64(len(body))},
		"ETag": {*head.ETag, etag}, "cache": {*got.CacheControl, "max-age=60"}, "disposition": {*got.ContentDisposition, "attachment"},
		"metadata": {fmt.Sprint(got.Metadata), "map[owner:me]"}, "metadata of head": {fmt.Sprint(head.Metadata), "map[owner:me]"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
		}
	}
	if head.LastModified == nil || head.LastModified.IsZero() {
		t.Error("head has no time")
	}
	for wanted, want := range map[string]string{"bytes=0-4": "hello", "bytes=7-": "objects", "bytes=-3": "cts", "bytes=7-900": "objects"} {
		part, err := f.role.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: mineBucket, Key: aws.String(key), Range: &wanted})
		if err != nil {
			t.Errorf("%s: %v", wanted, err)
		} else if read := text(t, part.Body); read != want || part.ContentRange == nil {
			t.Errorf("%s: %q, %v", wanted, read, part.ContentRange)
		}
	}
	_, err = f.role.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: mineBucket, Key: aws.String(key), Range: aws.String("bytes=50-")})
	if code(err) != "InvalidRange" {
		t.Errorf("a range behind the end: %v", err)
	}
	if _, err := f.role.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: mineBucket, Key: aws.String(key)}); err != nil {
		t.Error(err)
	}
	if _, err := f.role.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: mineBucket, Key: aws.String(key)}); err != nil {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err = f.role.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: mineBucket, Key: aws.String(key)}); code(err) != "NoSuchKey" {
		t.Errorf("after its end: %v", err)
	}
}

// TestNothingOfTheWriter checks that the object does not keep the write's
// signature.
func TestNothingOfTheWriter(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:*")
	f.put(t, "k", "x")
	held, err := f.objects.get("mine", "k")
	if diff := cmp.Diff(map[string]string{"Content-Type": "application/octet-stream"}, held.Headers); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// TestRights checks that the policies of the role and of the bucket decide.
func TestRights(t *testing.T) {
	t.Parallel()
	get := func(f *fixture, bucket, key string) string {
		_, err := f.role.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: &bucket, Key: &key})
		return code(err)
	}
	write := func(f *fixture, bucket, key string) string {
		_, err := f.role.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
		return code(err)
	}
	f := newFixture(t, "s3:GetObject")
	f.put(t, "k", "x")
	for name, pair := range map[string][2]string{
		"may read":                          {get(f, "mine", "k"), ""},
		"may not write":                     {write(f, "mine", "k"), "AccessDenied"},
		"may not see that a key is missing": {get(f, "mine", "none"), "AccessDenied"},
		"another account's bucket":          {get(f, "theirs", "k"), "AccessDenied"},
		"no bucket, and no right to it":     {get(f, "none", "k"), "AccessDenied"},
		"no bucket":                         {get(f, "mine-2", "k"), "NoSuchBucket"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", name, pair[0], pair[1])
		}
	}
	policy := func(f *fixture, text string) {
		put(t, f.Buckets, PolicyToken, store.Record[Policy]{ID: "mine", Account: account, Inputs: Policy{Bucket: "mine", Policy: text}})
	}
	policy(f, tlsOnly)
	if got := get(f, "mine", "k"); got != "" {
		t.Errorf("a bucket for TLS alone: %s", got)
	}
	policy(f, strings.Replace(tlsOnly, `,"Condition":{"Bool":{"aws:SecureTransport":["false"]}}`, "", 1))
	if got := get(f, "mine", "k"); got != "AccessDenied" {
		t.Errorf("a bucket policy that denies everyone: %q", got)
	}
	policy(f, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+account+`:role/r"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::mine/in/*"}}`)
	if got := write(f, "mine", "in/k") + write(f, "mine", "out/k"); got != "AccessDenied" {
		t.Errorf("a bucket that lets the role write below in/: %q", got)
	}
}

// TestListing lists pages of keys and common prefixes, within the prefix that a
// policy condition allows.
func TestListing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:GetObject")
	for _, key := range []string{"a", "b/1", "b/2", "b/c/3", "d", "e/", "é"} {
		f.put(t, key, key)
	}
	list := func(prefix, delimiter string, size int32) (names []string) {
		pages := sdk.NewListObjectsV2Paginator(f.admin, &sdk.ListObjectsV2Input{Bucket: mineBucket, Prefix: &prefix, Delimiter: &delimiter, MaxKeys: &size})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Contents {
				names = append(names, *o.Key)
			}
			for _, p := range page.CommonPrefixes {
				names = append(names, *p.Prefix+"…")
			}
		}
		slices.Sort(names)
		return names
	}
	for _, test := range []struct {
		prefix, delimiter string
		want              []string
	}{
		{"", "", []string{"a", "b/1", "b/2", "b/c/3", "d", "e/", "é"}},
		{"", "/", []string{"a", "b/…", "d", "e/…", "é"}},
		{"b/", "/", []string{"b/1", "b/2", "b/c/…"}},
		{"b", "/", []string{"b/…"}},
		{"e/", "/", []string{"e/"}},
		{"none", "", nil},
	} {
		for _, size := range []int32{1, 2, 1000} {
			if diff := cmp.Diff(test.want, list(test.prefix, test.delimiter, size)); diff != "" {
				t.Errorf("%q, %q, pages of %d (-want +got)\n%s", test.prefix, test.delimiter, size, diff)
			}
		}
	}
	if _, err := f.role.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: mineBucket}); code(err) != "AccessDenied" {
		t.Errorf("without the right to: %v", err)
	}
	text := `{"Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::mine","Condition":{"StringLike":{"s3:prefix":"b/*"}}}}`
	put(t, f.Buckets, iam.RolePolicyToken, store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r", Policy: text}})
	for prefix, want := range map[string]string{"b/": "", "b/c": "", "a": "AccessDenied"} {
		if _, err := f.role.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: mineBucket, Prefix: &prefix}); code(err) != want {
			t.Errorf("prefix %s: %v, want %q", prefix, err, want)
		}
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:*")
	write := func(none, match *string) string {
		_, err := f.role.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: mineBucket, Key: aws.String("k"), Body: strings.NewReader("x"), IfNoneMatch: none, IfMatch: match})
		return code(err)
	}
	for i, got := range []string{write(aws.String("*"), nil), write(aws.String("*"), nil), write(nil, aws.String(`"other"`)), write(nil, aws.String(`"9dd4e461268c8034f5c8564e155c67a6"`))} {
		if want := []string{"", "PreconditionFailed", "PreconditionFailed", ""}[i]; got != want {
			t.Errorf("write %d: %q, want %q", i, got, want)
		}
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:PutObject")
	const source = "a +ä/b"
	if _, err := f.admin.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: mineBucket, Key: aws.String(source), Body: strings.NewReader("x"), ContentType: aws.String("text/plain"), Metadata: map[string]string{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	in := &sdk.CopyObjectInput{Bucket: mineBucket, Key: aws.String("copy"), CopySource: aws.String("mine/a%20%2B%C3%A4/b"), ContentType: aws.String("text/html")}
	if _, err := f.role.CopyObject(t.Context(), in); code(err) != "AccessDenied" {
		t.Errorf("without the right to read: %v", err)
	}
	f.allow(t, `s3:PutObject","s3:GetObject`, "arn:aws:s3:::mine*")
	kept := func() string {
		held, err := f.objects.get("mine", "copy")
		return fmt.Sprint(held.Headers, err)
	}
	if _, err := f.role.CopyObject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if got, want := kept()+f.body(t, "copy"), "map[Content-Type:text/plain X-Amz-Meta-A:1] <nil>x"; got != want {
		t.Errorf("copied as %s, want %s", got, want)
	}
	in.MetadataDirective = types.MetadataDirectiveReplace
	if _, err := f.role.CopyObject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if got, want := kept(), "map[Content-Type:text/html] <nil>"; got != want {
		t.Errorf("replaced as %s, want %s", got, want)
	}
	in.CopySource = aws.String("theirs/k")
	if _, err := f.role.CopyObject(t.Context(), in); code(err) != "AccessDenied" {
		t.Errorf("from another account's bucket: %v", err)
	}
}

// TestDeleteMany deletes the keys that the role may delete, and gets an error
// for each of the others.
func TestDeleteMany(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:GetObject")
	f.allow(t, "s3:DeleteObject", "arn:aws:s3:::mine/own/*")
	for _, key := range []string{"own/a", "own/b", "other"} {
		f.put(t, key, key)
	}
	out, err := f.role.DeleteObjects(t.Context(), &sdk.DeleteObjectsInput{Bucket: mineBucket, Delete: &types.Delete{
		Objects: []types.ObjectIdentifier{{Key: aws.String("own/a")}, {Key: aws.String("own/none")}, {Key: aws.String("other")}},
	}})
	if err != nil || len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Key != "other" || *out.Errors[0].Code != "AccessDenied" {
		t.Errorf("%+v, %v", out, err)
	}
	if f.body(t, "own/b")+f.body(t, "other") != "own/bother" {
		t.Error("another object is deleted too")
	}
	if _, err := f.objects.get("mine", "own/a"); err != errNoObject {
		t.Errorf("it is still there: %v", err)
	}
}

// TestUnknownCalls checks that unsupported calls are refused by name. One of
// them would otherwise write its XML in place of the object.
func TestUnknownCalls(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:*")
	f.put(t, "k", "mine")
	_, tagging := f.role.PutObjectTagging(t.Context(), &sdk.PutObjectTaggingInput{Bucket: mineBucket, Key: aws.String("k"), Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}})
	_, acl := f.role.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: mineBucket, Key: aws.String("k"), Body: strings.NewReader("x"), ACL: types.ObjectCannedACLPublicRead})
	_, tags := f.role.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: mineBucket, Key: aws.String("k"), Body: strings.NewReader("x"), Tagging: aws.String("a=b")})
	_, policy := f.admin.PutBucketPolicy(t.Context(), &sdk.PutBucketPolicyInput{Bucket: mineBucket, Policy: aws.String("{}")})
	_, created := f.admin.CreateBucket(t.Context(), &sdk.CreateBucketInput{Bucket: aws.String("new")})
	_, gone := f.admin.DeleteBucket(t.Context(), &sdk.DeleteBucketInput{Bucket: mineBucket})
	_, all := f.admin.ListBuckets(t.Context(), &sdk.ListBucketsInput{})
	for name, err := range map[string]error{"tagging": tagging, "acl": acl, "tags": tags, "policy": policy, "create": created, "delete": gone, "all buckets": all} {
		if code(err) != "NotImplemented" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := f.body(t, "k"); got != "mine" {
		t.Errorf("the object is now %q", got)
	}
}
