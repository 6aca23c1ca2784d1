package s3

import "skiff/local/engine/provider"

// bucketActions lists the actions that pulumi-aws needs for a bucket. It
// follows internal/service/s3/bucket.go and tags.go of terraform-provider-aws
// 5.100.0. A read gets every setting of the bucket, also the settings that
// other resources declare. HeadBucket needs s3:ListBucket
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html). The
// provider reads the tags first, then one call writes all of them, also to
// remove some. With forceDestroy it deletes the objects before the bucket.
func (b *Buckets) bucketActions(o provider.Operation[Bucket]) []provider.Action {
	bucket := bucketARN(o.Record.ID)
	var tags []provider.Action
	if len(o.Tags(bucket, "s3:PutBucketTagging", "s3:PutBucketTagging")) > 0 {
		tags = provider.On(bucket, "s3:GetBucketTagging", "s3:PutBucketTagging")
	}
	switch o.Verb {
	case provider.Create:
		return append(provider.On(bucket, "s3:CreateBucket"), tags...)
	case provider.Update:
		return tags
	case provider.Delete:
		// The provider reads the bucket until it is gone.
		actions := provider.On(bucket, "s3:DeleteBucket", "s3:ListBucket")
		if empty, err := b.objects.empty(o.Record.ID); err == nil && !empty && o.Record.Inputs.ForceDestroy {
			actions = append(actions, provider.On(bucket, "s3:GetBucketObjectLockConfiguration", "s3:ListBucketVersions")...)
			actions = append(actions, provider.On(bucket+"/*", "s3:DeleteObject", "s3:DeleteObjectVersion")...)
		}
		return actions
	}
	return provider.On(bucket,
		"s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration",
		"s3:GetBucketPolicy", "s3:GetBucketRequestPayment", "s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketWebsite",
		"s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket")
}

// rights are the actions that read, put and remove a setting of a bucket.
type rights struct {
	read, put, remove string
	waits             bool // after a delete the provider reads until the setting is gone
}

func (s rights) actions(verb provider.Verb, bucket string) []provider.Action {
	switch verb {
	case provider.Create, provider.Update:
		return provider.On(bucketARN(bucket), s.put)
	case provider.Delete:
		if s.waits {
			return provider.On(bucketARN(bucket), s.remove, s.read)
		}
		return provider.On(bucketARN(bucket), s.remove)
	}
	return provider.On(bucketARN(bucket), s.read)
}

// corsActions follows internal/service/s3/bucket_cors_configuration.go of
// terraform-provider-aws 5.100.0.
func corsActions(o provider.Operation[CORS]) []provider.Action {
	const put = "s3:PutBucketCORS" // and delete: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html
	return rights{read: "s3:GetBucketCORS", put: put, remove: put, waits: true}.actions(o.Verb, o.Record.ID)
}

// encryptionActions follows
// internal/service/s3/bucket_server_side_encryption_configuration.go of
// terraform-provider-aws 5.100.0.
func encryptionActions(o provider.Operation[Encryption]) []provider.Action {
	const put = "s3:PutEncryptionConfiguration" // and delete: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
	return rights{read: "s3:GetEncryptionConfiguration", put: put, remove: put}.actions(o.Verb, o.Record.ID)
}

// lifecycleActions follows
// internal/service/s3/bucket_lifecycle_configuration.go of
// terraform-provider-aws 5.100.0.
func lifecycleActions(o provider.Operation[Lifecycle]) []provider.Action {
	const put = "s3:PutLifecycleConfiguration" // and delete: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html
	return rights{read: "s3:GetLifecycleConfiguration", put: put, remove: put, waits: true}.actions(o.Verb, o.Record.ID)
}

// ownershipActions follows internal/service/s3/bucket_ownership_controls.go of
// terraform-provider-aws 5.100.0.
func ownershipActions(o provider.Operation[OwnershipControls]) []provider.Action {
	const put = "s3:PutBucketOwnershipControls" // and delete: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html
	return rights{read: "s3:GetBucketOwnershipControls", put: put, remove: put}.actions(o.Verb, o.Record.ID)
}

// policyActions follows internal/service/s3/bucket_policy.go of
// terraform-provider-aws 5.100.0.
func policyActions(o provider.Operation[Policy]) []provider.Action {
	return rights{read: "s3:GetBucketPolicy", put: "s3:PutBucketPolicy", remove: "s3:DeleteBucketPolicy", waits: true}.actions(o.Verb, o.Record.ID)
}

// publicAccessBlockActions follows
// internal/service/s3/bucket_public_access_block.go of terraform-provider-aws
// 5.100.0.
func publicAccessBlockActions(o provider.Operation[PublicAccessBlock]) []provider.Action {
	const put = "s3:PutBucketPublicAccessBlock" // and delete: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html
	return rights{read: "s3:GetBucketPublicAccessBlock", put: put, remove: put, waits: true}.actions(o.Verb, o.Record.ID)
}

// versioningActions follows internal/service/s3/bucket_versioning.go of
// terraform-provider-aws 5.100.0. A delete suspends versioning. A new bucket
// has the status Disabled already.
func versioningActions(o provider.Operation[Versioning]) []provider.Action {
	const put = "s3:PutBucketVersioning"
	if o.Record.Inputs.Configuration.Status == "Disabled" && (o.Verb == provider.Create || o.Verb == provider.Delete) {
		return nil
	}
	return rights{read: "s3:GetBucketVersioning", put: put, remove: put}.actions(o.Verb, o.Record.ID)
}
