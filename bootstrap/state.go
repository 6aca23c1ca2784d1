package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// state is the bucket for Pulumi's state and the key that encrypts the bucket
// and the secrets in the state. Both stay when this stack is destroyed: without
// them, Pulumi cannot change or delete the resources of the deployed stack.
type state struct {
	bucket    pulumi.IDOutput
	bucketARN pulumi.StringOutput
	keyARN    pulumi.StringOutput
	alias     pulumi.StringOutput // alias/NAME
}

// newState declares the bucket with its settings, the key and its alias.
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

// newKey declares the key, and the alias that Pulumi.STACK.yaml contains. The
// key's policy lets IAM policies of the account decide who may use the key.
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
		DeletionWindowInDays: pulumi.Int(30), // the maximum
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

// encrypt makes S3 encrypt the bucket's objects with the key. With a bucket
// key, S3 does not call KMS for each object.
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

// closeToPublic blocks public access and requests without TLS. The policy
// depends on the other two settings, because S3 refuses concurrent changes of a
// bucket.
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

// tlsOnly returns the bucket policy that denies requests without TLS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
func tlsOnly(bucket string) (string, error) {
	clear := deny([]string{bucket, bucket + "/*"}, "s3:*").when("Bool", "aws:SecureTransport", "false")
	clear.Principal = "*"
	return document(maxBucketPolicy, []statement{clear})
}

// keepVersions keeps old versions of the state for some days, to restore a lost
// or broken state.
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
