package main

// objects is the ARNs of what Pulumi keeps of the stack in the bucket: its
// state, its history, its backups, its lock. Another project's state in the
// same bucket is none of the roles' business.
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

// stateReads is what a preview reads of the state. It takes no lock. Secrets in
// the state are encrypted with a key that the KMS key decrypts, so who previews
// can read them.
// https://www.pulumi.com/docs/iac/concepts/secrets/
func (s scope) stateReads() []statement {
	return []statement{
		allow(append(s.objects(), s.bucket+"/.pulumi/meta.yaml"), "s3:GetObject"),
		allow([]string{s.bucket}, "s3:ListBucket"), // without it a missing object would be a forbidden one
		allow([]string{s.key}, "kms:Decrypt"),
	}
}

// stateWrites is what a deployment does with the state. To delete an object is
// to hide it: its versions stay.
func (s scope) stateWrites() []statement {
	return []statement{
		allow(s.objects(), "s3:DeleteObject", "s3:PutObject"),
		allow([]string{s.key}, "kms:Encrypt", "kms:GenerateDataKey"),
	}
}

// reads is all that a preview reads but for gatewayReads, which grows with the
// domains.
func (s scope) reads() []statement {
	var all []statement
	for _, part := range [][]statement{s.stateReads(), s.computeReads(), s.dataReads(), s.operationsReads(), s.bucketReads()} {
		all = append(all, part...)
	}
	return all
}
