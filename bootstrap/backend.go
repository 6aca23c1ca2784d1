package main

// objects returns the ARNs of what Pulumi stores for the stack in the bucket:
// its state, its history, its backups and its lock. The roles have no access to
// other stacks' objects in the same bucket.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/
func (s scope) objects() []string {
	stack := s.stack()
	return []string{
		s.bucket + "/.pulumi/stacks/" + stack + ".*",
		s.bucket + "/.pulumi/history/" + stack + "/*",
		s.bucket + "/.pulumi/backups/" + stack + "/*",
		s.bucket + "/.pulumi/locks/organization/" + stack + "/*",
	}
}

// stateReads allows a preview to read the state. A preview takes no lock.
// Secrets in the state are encrypted with a data key, which the KMS key
// decrypts. So whoever can preview can read them.
// https://www.pulumi.com/docs/iac/concepts/secrets/
func (s scope) stateReads() []statement {
	return []statement{
		allow(append(s.objects(), s.bucket+"/.pulumi/meta.yaml"), "s3:GetObject"),
		allow([]string{s.bucket}, "s3:ListBucket"), // without it S3 answers 403 for a missing object instead of 404
		allow([]string{s.key}, "kms:Decrypt"),
	}
}

// stateWrites allows a deployment to write the state. Deleting an object only
// hides it, because the bucket keeps versions.
func (s scope) stateWrites() []statement {
	return []statement{
		allow(s.objects(), "s3:DeleteObject", "s3:PutObject"),
		allow([]string{s.key}, "kms:Encrypt", "kms:GenerateDataKey"),
	}
}

// reads allows everything that a preview reads, except what gatewayReads
// allows: that policy grows with the domains.
func (s scope) reads() []statement {
	var all []statement
	for _, part := range [][]statement{s.stateReads(), s.computeReads(), s.dataReads(), s.operationsReads(), s.bucketReads()} {
		all = append(all, part...)
	}
	return all
}
