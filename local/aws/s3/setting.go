package s3

import (
	"context"
	"fmt"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the settings of a bucket. A bucket has one of each; its id is the
// bucket's name.
const (
	CORSToken              = "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2"
	EncryptionToken        = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	LifecycleToken         = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	OwnershipControlsToken = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	PolicyToken            = "aws:s3/bucketPolicy:BucketPolicy"
	PublicAccessBlockToken = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	VersioningToken        = "aws:s3/bucketVersioningV2:BucketVersioningV2"
)

func settingTokens() []string {
	return []string{CORSToken, EncryptionToken, LifecycleToken, OwnershipControlsToken, PolicyToken, PublicAccessBlockToken, VersioningToken}
}

// setting returns the resource type of a setting that a bucket has once. fits
// may check more against the stored state; it may be nil.
func setting[In any](b *Buckets, token string, bucket func(In) string, check func(In) []provider.Problem, fits func(old, r store.Record[In]) error,
	actions func(provider.Operation[In]) []provider.Action) *provider.Resource[In, struct{}] {
	put := func(old store.Record[In], r *store.Record[In]) error {
		if err := b.checkOwn(bucket(r.Inputs), r.Account); err != nil || fits == nil {
			return err
		}
		return fits(old, *r)
	}
	return &provider.Resource[In, struct{}]{
		Token: token,
		Check: check,
		ID:    func(_ provider.Call, in In) string { return bucket(in) },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[In]) error {
			return put(store.Record[In]{}, r)
		},
		Update: func(_ context.Context, _ provider.Call, old store.Record[In], r *store.Record[In]) error {
			return put(old, r)
		},
		Actions: actions,
	}
}

// PublicAccessBlock holds the settings that block public access to a bucket.
type PublicAccessBlock struct {
	Bucket                string `json:"bucket" aws:"required,replace"`
	BlockPublicACLs       bool   `json:"blockPublicAcls,omitempty" aws:"idle"`
	BlockPublicPolicy     bool   `json:"blockPublicPolicy,omitempty"`
	IgnorePublicACLs      bool   `json:"ignorePublicAcls,omitempty" aws:"idle"`
	RestrictPublicBuckets bool   `json:"restrictPublicBuckets,omitempty" aws:"idle"`
}

// publicAccessBlocks returns the resource type of a PublicAccessBlock.
func publicAccessBlocks(b *Buckets) *provider.Resource[PublicAccessBlock, struct{}] {
	return setting(b, PublicAccessBlockToken, func(in PublicAccessBlock) string { return in.Bucket }, nil, nil, publicAccessBlockActions)
}

// OwnershipControls sets who owns the objects of a bucket.
type OwnershipControls struct {
	Bucket string        `json:"bucket" aws:"required,replace"`
	Rule   OwnershipRule `json:"rule" aws:"required,idle"`
}

// OwnershipRule is the only rule of OwnershipControls.
type OwnershipRule struct {
	ObjectOwnership string `json:"objectOwnership" aws:"required"`
}

// ownershipControls returns the resource type of OwnershipControls
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_OwnershipControlsRule.html).
func ownershipControls(b *Buckets) *provider.Resource[OwnershipControls, struct{}] {
	return setting(b, OwnershipControlsToken, func(in OwnershipControls) string { return in.Bucket }, func(in OwnershipControls) []provider.Problem {
		var problems provider.Problems
		problems.OneOf("rule.objectOwnership", in.Rule.ObjectOwnership, "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
		return problems
	}, nil, ownershipActions)
}

// Versioning sets whether a bucket keeps versions. No versions are kept here.
type Versioning struct {
	Bucket        string                  `json:"bucket" aws:"required,replace"`
	Configuration VersioningConfiguration `json:"versioningConfiguration" aws:"required,idle"`
}

// VersioningConfiguration does not support MFA delete, which only the root user
// of an account can set.
type VersioningConfiguration struct {
	Status string `json:"status" aws:"required"`
}

// versioning returns the resource type of Versioning. Once enabled, versioning
// can be suspended but not disabled
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html).
func versioning(b *Buckets) *provider.Resource[Versioning, struct{}] {
	return setting(b, VersioningToken, func(in Versioning) string { return in.Bucket }, func(in Versioning) []provider.Problem {
		var problems provider.Problems
		problems.OneOf("versioningConfiguration.status", in.Configuration.Status, "Enabled", "Suspended", "Disabled")
		return problems
	}, func(old, r store.Record[Versioning]) error {
		before, after := old.Inputs.Configuration.Status, r.Inputs.Configuration.Status
		if before != "" && before != "Disabled" && after == "Disabled" {
			return fmt.Errorf("versioningConfiguration.status cannot be updated from %s to %s: versioning of bucket %s can only be Suspended", before, after, r.ID)
		}
		return nil
	}, versioningActions)
}
