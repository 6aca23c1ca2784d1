package main

// buckets returns the ARN pattern of the stack's buckets. The ARN of a bucket
// has neither account nor region, because its name is globally unique.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-restrictions-limitations.html
func (s scope) buckets() []string { return []string{"arn:aws:s3:::" + s.prefix() + "-*"} }

// objectsOfBuckets returns the ARN pattern of the objects in the stack's
// buckets.
func (s scope) objectsOfBuckets() []string { return []string{"arn:aws:s3:::" + s.prefix() + "-*/*"} }

// bucketReads allows a preview to read the settings of buckets. It does not
// allow reading objects. s3:ListBucket, which the provider needs to find a
// bucket, also lists the names of its objects. The provider reads every setting
// of a bucket, including settings that infra does not declare.
func (s scope) bucketReads() []statement {
	return []statement{
		allow(s.buckets(),
			"s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration",
			"s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment",
			"s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration",
			"s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket"),
	}
}

// bucketWrites allows a deployment to change buckets. It does not allow writing
// or deleting objects, so a pipeline cannot delete a bucket that holds objects.
func (s scope) bucketWrites() []statement {
	return []statement{
		allow(s.buckets(),
			"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketCORS", "s3:PutBucketOwnershipControls",
			"s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
			"s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"),
	}
}
