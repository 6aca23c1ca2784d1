package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// bucket is an S3 bucket with its declaration. Each of its settings is a
// separate resource.
type bucket struct {
	lambdas.Bucket
	made     *s3.BucketV2
	settings []pulumi.Resource
}

// newBuckets declares the buckets. S3 refuses to delete a bucket that holds
// objects, so an operator empties it first.
func newBuckets(s *stack, declared []lambdas.Bucket) (buckets []bucket, err error) {
	for _, d := range declared {
		made, err := s3.NewBucketV2(s.ctx, d.Name, nil, s.in, pulumi.Protect(s.cfg.Protect))
		if err != nil {
			return nil, err
		}
		b := bucket{Bucket: d, made: made}
		for _, set := range []func(*stack, bucket) (pulumi.Resource, error){
			newOwnership, newPublicAccessBlock, newEncryption, newVersioning, newLifecycle, newCORS, newTransportPolicy,
		} {
			setting, err := set(s, b)
			if err != nil {
				return nil, err
			}
			if setting != nil {
				b.settings = append(b.settings, setting)
			}
		}
		buckets = append(buckets, b)
	}
	return buckets, nil
}

// newOwnership disables access control lists: only IAM and the bucket's policy
// decide.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func newOwnership(s *stack, b bucket) (pulumi.Resource, error) {
	return s3.NewBucketOwnershipControls(s.ctx, b.Name, &s3.BucketOwnershipControlsArgs{
		Bucket: b.made.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, s.in)
}

func newPublicAccessBlock(s *stack, b bucket) (pulumi.Resource, error) {
	return s3.NewBucketPublicAccessBlock(s.ctx, b.Name, &s3.BucketPublicAccessBlockArgs{
		Bucket:                b.made.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, s.in)
}

func newEncryption(s *stack, b bucket) (pulumi.Resource, error) {
	return s3.NewBucketServerSideEncryptionConfigurationV2(s.ctx, b.Name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: b.made.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("AES256")},
		}},
	}, s.in)
}

// newVersioning keeps overwritten and deleted objects until newLifecycle
// removes them.
func newVersioning(s *stack, b bucket) (pulumi.Resource, error) {
	return s3.NewBucketVersioningV2(s.ctx, b.Name, &s3.BucketVersioningV2Args{
		Bucket:                  b.made.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, s.in)
}

// Days until S3 deletes a noncurrent version of an object, and the parts of an
// unfinished upload.
const (
	formerDays = 30
	partsDays  = 7
)

// newLifecycle deletes noncurrent versions and unfinished uploads. It also
// deletes objects after ExpireDays if the declaration sets that.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
func newLifecycle(s *stack, b bucket) (pulumi.Resource, error) {
	rules := s3.BucketLifecycleConfigurationV2RuleArray{
		s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:                             pulumi.String("leftovers"),
			Status:                         pulumi.String("Enabled"),
			Filter:                         s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
			NoncurrentVersionExpiration:    s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: pulumi.Int(formerDays)},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(partsDays)},
		},
	}
	if b.ExpireDays > 0 {
		rules = append(rules, s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:         pulumi.String("expire"),
			Status:     pulumi.String("Enabled"),
			Filter:     s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
			Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(b.ExpireDays)},
		})
	}
	return s3.NewBucketLifecycleConfigurationV2(s.ctx, b.Name, &s3.BucketLifecycleConfigurationV2Args{Bucket: b.made.ID(), Rules: rules}, s.in)
}

// newCORS lets scripts from the stack's origins use presigned URLs.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
func newCORS(s *stack, b bucket) (pulumi.Resource, error) {
	if len(s.cfg.CORSOrigins) == 0 {
		return nil, nil
	}
	return s3.NewBucketCorsConfigurationV2(s.ctx, b.Name, &s3.BucketCorsConfigurationV2Args{
		Bucket: b.made.ID(),
		CorsRules: s3.BucketCorsConfigurationV2CorsRuleArray{s3.BucketCorsConfigurationV2CorsRuleArgs{
			AllowedOrigins: pulumi.ToStringArray(s.cfg.CORSOrigins),
			AllowedMethods: pulumi.ToStringArray([]string{"GET", "HEAD", "PUT"}),
			AllowedHeaders: pulumi.ToStringArray([]string{"*"}),
			ExposeHeaders:  pulumi.ToStringArray([]string{"ETag"}),
			MaxAgeSeconds:  pulumi.Int(600),
		}},
	}, s.in)
}

// newTransportPolicy denies every request without TLS.
func newTransportPolicy(s *stack, b bucket) (pulumi.Resource, error) {
	return s3.NewBucketPolicy(s.ctx, b.Name, &s3.BucketPolicyArgs{Bucket: b.made.ID(), Policy: tlsOnly(b.made.Arn)}, s.in)
}

// places returns the place of the bucket. Functions get its name.
func (b bucket) places() places {
	return places{lambdas.Resource{Bucket: b.Name}: {
		arn: b.made.Arn, objects: pulumi.Sprintf("%s/*", b.made.Arn),
		variables: pulumi.StringMap{bucketLabel(b.Bucket).variable("NAME"): b.made.Bucket}}}
}
