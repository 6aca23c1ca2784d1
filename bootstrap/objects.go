package main

// buckets is the stack's own buckets of objects. A bucket's ARN has neither
// account nor region: its name is unique in the world.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-restrictions-limitations.html
func (s scope) buckets() []string { return []string{"arn:aws:s3:::" + s.prefix() + "-*"} }

// objectsOfBuckets is what the stack's functions keep there.
func (s scope) objectsOfBuckets() []string { return []string{"arn:aws:s3:::" + s.prefix() + "-*/*"} }

// bucketReads is what a preview reads of buckets: how they are set, and no
// object. To find a bucket takes s3:ListBucket, which also lists the names of
// its objects. The provider asks for each setting that a bucket can have, also
// for those that infra sets nothing of.
func (s scope) bucketReads() []statement {
	return []statement{
		allow(s.buckets(),
			"s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration",
			"s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment",
			"s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration",
			"s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket"),
	}
}

// bucketWrites is what a deployment does with buckets. It writes and deletes no
// object, so that a bucket which has some stays.
func (s scope) bucketWrites() []statement {
	return []statement{
		allow(s.buckets(),
			"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketCORS", "s3:PutBucketOwnershipControls",
			"s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
			"s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"),
	}
}
