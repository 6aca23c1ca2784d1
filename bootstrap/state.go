package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// state is where Pulumi keeps the stack: the bucket, and the key that encrypts
// the bucket and the secrets within it. Both outlive this program: without them
// nobody can change or remove what the stack has in AWS.
type state struct {
	bucket    pulumi.IDOutput
	bucketARN pulumi.StringOutput
	keyARN    pulumi.StringOutput
	alias     pulumi.StringOutput // alias/NAME
}

func newState(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption) (*state, error) {
	kept := pulumi.Composite(in, pulumi.Protect(true), pulumi.RetainOnDelete(true))
	key, alias, err := newKey(ctx, cfg, kept)
	if err != nil {
		return nil, err
	}
	bucket, err := s3.NewBucketV2(ctx, "state", nil, kept)
	if err != nil {
		return nil, err
	}
	if err := encrypt(ctx, bucket, key, kept); err != nil {
		return nil, err
	}
	if err := closeToPublic(ctx, bucket, kept); err != nil {
		return nil, err
	}
	if err := keepVersions(ctx, cfg, bucket, kept); err != nil {
		return nil, err
	}
	return &state{bucket: bucket.ID(), bucketARN: bucket.Arn, keyARN: key.Arn, alias: alias.Name}, nil
}

// newKey declares the key and the name that Pulumi.STACK.yaml knows it by. Its
// policy leaves to IAM who may use it, as the account's own policies do.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func newKey(ctx *pulumi.Context, cfg config, kept pulumi.ResourceOption) (*kms.Key, *kms.Alias, error) {
	root := allow(anything(), "kms:*")
	root.Principal = principal{AWS: scope{config: cfg}.iam("root")}
	policy, err := document(maxKeyPolicy, []statement{root})
	if err != nil {
		return nil, nil, err
	}
	key, err := kms.NewKey(ctx, "pulumi", &kms.KeyArgs{
		Description:          pulumi.String("Pulumi's state and secrets of " + cfg.prefix()),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(30), // the longest there is
		Policy:               pulumi.String(policy),
	}, kept)
	if err != nil {
		return nil, nil, err
	}
	alias, err := kms.NewAlias(ctx, "pulumi", &kms.AliasArgs{
		Name:        pulumi.String("alias/" + cfg.prefix() + "-pulumi"),
		TargetKeyId: key.KeyId,
	}, kept)
	return key, alias, err
}

// encrypt makes the key the bucket's own. The bucket key saves a call of KMS
// for each object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
func encrypt(ctx *pulumi.Context, bucket *s3.BucketV2, key *kms.Key, kept pulumi.ResourceOption) error {
	_, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, "state", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{
			s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
				ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
					SseAlgorithm:   pulumi.String("aws:kms"),
					KmsMasterKeyId: key.Arn,
				},
				BucketKeyEnabled: pulumi.Bool(true),
			},
		},
	}, kept)
	return err
}

// closeToPublic leaves the bucket to this account, and to TLS. The policy comes
// last: S3 refuses two changes of a bucket at once.
func closeToPublic(ctx *pulumi.Context, bucket *s3.BucketV2, kept pulumi.ResourceOption) error {
	block, err := s3.NewBucketPublicAccessBlock(ctx, "state", &s3.BucketPublicAccessBlockArgs{
		Bucket:                bucket.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, kept)
	if err != nil {
		return err
	}
	owner, err := s3.NewBucketOwnershipControls(ctx, "state", &s3.BucketOwnershipControlsArgs{
		Bucket: bucket.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, kept)
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPolicy(ctx, "state", &s3.BucketPolicyArgs{
		Bucket: bucket.ID(),
		Policy: bucket.Arn.ApplyT(tlsOnly).(pulumi.StringOutput),
	}, kept, pulumi.DependsOn([]pulumi.Resource{block, owner}))
	return err
}

// tlsOnly is the bucket policy that refuses requests in the clear.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
func tlsOnly(bucket string) (string, error) {
	clear := deny([]string{bucket, bucket + "/*"}, "s3:*").when("Bool", "aws:SecureTransport", "false")
	clear.Principal = "*"
	return document(maxBucketPolicy, []statement{clear})
}

// keepVersions makes each write of the state a version, so that a lost or
// broken state can be had back for some days.
func keepVersions(ctx *pulumi.Context, cfg config, bucket *s3.BucketV2, kept pulumi.ResourceOption) error {
	versioning, err := s3.NewBucketVersioningV2(ctx, "state", &s3.BucketVersioningV2Args{
		Bucket:                  bucket.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, kept)
	if err != nil {
		return err
	}
	_, err = s3.NewBucketLifecycleConfigurationV2(ctx, "state", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{
			s3.BucketLifecycleConfigurationV2RuleArgs{
				Id:     pulumi.String("old-versions"),
				Status: pulumi.String("Enabled"),
				Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")}, // every object
				NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
					NoncurrentDays: pulumi.Int(cfg.StateVersionDays),
				},
				Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{ExpiredObjectDeleteMarker: pulumi.Bool(true)},
				AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
					DaysAfterInitiation: pulumi.Int(7),
				},
			},
		},
	}, kept, pulumi.DependsOn([]pulumi.Resource{versioning}))
	return err
}
