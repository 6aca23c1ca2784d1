package s3

import (
	"errors"
	"fmt"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// maxPolicy is documented at
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html.
const maxPolicy = 20 << 10 // bytes

// Policy holds the inputs of a bucket policy.
type Policy struct {
	Bucket string `json:"bucket" aws:"required,replace"`
	Policy string `json:"policy" aws:"required"`
}

// policies returns the resource type of a bucket policy.
func policies(b *Buckets) *provider.Resource[Policy, struct{}] {
	return setting(b, PolicyToken, func(in Policy) string { return in.Bucket }, checkPolicy, func(_, r store.Record[Policy]) error {
		return b.checkPublic(r)
	}, policyActions)
}

// checkPolicy reports what
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
// rejects.
func checkPolicy(in Policy) []provider.Problem {
	if in.Policy == "" {
		return nil
	}
	reason := ""
	d, err := iam.ParseResource(in.Policy)
	switch {
	case len(in.Policy) > maxPolicy:
		reason = fmt.Sprintf("has %d bytes; a bucket's policy has at most %d", len(in.Policy), maxPolicy)
	case err != nil:
		reason = err.Error()
	default:
		reason = outside(d, in.Bucket)
	}
	if reason == "" {
		return nil
	}
	return []provider.Problem{{Property: "policy", Reason: reason}}
}

// policyOf returns the policy of a bucket. Without one it returns an empty
// document, which gives access to the bucket's own account only.
func (b *Buckets) policyOf(bucket string) (*iam.Document, error) {
	r, err := store.Get[Policy](b.db, PolicyToken, bucket)
	if errors.Is(err, store.ErrNotFound) {
		return &iam.Document{}, nil
	}
	if err != nil {
		return nil, err
	}
	return iam.ParseResource(r.Inputs.Policy)
}

// outside describes an action or resource in the policy that is not of this
// bucket, or returns "". bucket is "" while its name is unknown.
func outside(d *iam.Document, bucket string) string {
	isS3 := func(action string) bool { return action == "*" || strings.HasPrefix(strings.ToLower(action), "s3:") }
	all := func(string) bool { return true }
	own := func(resource string) bool {
		name, _, _ := strings.Cut(strings.TrimPrefix(resource, bucketARN("")), "/")
		return strings.HasPrefix(resource, bucketARN("")) && (bucket == "" || name == bucket)
	}
	if action := d.Outside(isS3, all); action != "" {
		return "MalformedPolicy: Policy has invalid action: " + action
	}
	if resource := d.Outside(all, own); resource != "" {
		return "MalformedPolicy: Policy has invalid resource: " + resource
	}
	return ""
}

// checkPublic refuses a public policy if the bucket blocks public policies,
// which is the default
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
func (b *Buckets) checkPublic(r store.Record[Policy]) error {
	d, err := iam.ParseResource(r.Inputs.Policy)
	if err != nil || !d.Public() {
		return err
	}
	block, err := store.Get[PublicAccessBlock](b.db, PublicAccessBlockToken, r.Inputs.Bucket)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case err == nil && !block.Inputs.BlockPublicPolicy:
		return nil
	}
	return awserr.New("AccessDenied", "the policy of bucket %s is public, and public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access", r.Inputs.Bucket)
}
