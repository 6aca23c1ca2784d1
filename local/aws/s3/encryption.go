package s3

import (
	"fmt"

	"skiff/local/engine/provider"
)

// Encryption holds the default encryption of a bucket.
type Encryption struct {
	Bucket string           `json:"bucket" aws:"required,replace"`
	Rules  []EncryptionRule `json:"rules" aws:"required,idle"`
}

// EncryptionRule is one rule. A bucket has exactly one.
type EncryptionRule struct {
	Default          *DefaultEncryption `json:"applyServerSideEncryptionByDefault,omitempty"`
	BucketKeyEnabled bool               `json:"bucketKeyEnabled,omitempty"`
}

// DefaultEncryption applies to an object whose writer names no encryption.
type DefaultEncryption struct {
	KMSMasterKeyID string `json:"kmsMasterKeyId,omitempty"`
	SSEAlgorithm   string `json:"sseAlgorithm" aws:"required"`
}

// encryption returns the resource type of Encryption. It does not check that
// the KMS key exists. AWS checks that when an object is written, which does not
// happen here.
func encryption(b *Buckets) *provider.Resource[Encryption, struct{}] {
	return setting(b, EncryptionToken, func(in Encryption) string { return in.Bucket }, checkEncryption, nil, encryptionActions)
}

// checkEncryption reports what
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
// rejects.
func checkEncryption(in Encryption) []provider.Problem {
	var problems provider.Problems
	if n := len(in.Rules); n > 1 {
		problems.Add("rules", "has %d rules; a bucket has one", n)
	}
	for i, rule := range in.Rules {
		if rule.Default == nil {
			continue
		}
		property := fmt.Sprintf("rules[%d].applyServerSideEncryptionByDefault.", i)
		problems.OneOf(property+"sseAlgorithm", rule.Default.SSEAlgorithm, "AES256", "aws:kms", "aws:kms:dsse")
		if rule.Default.SSEAlgorithm == "AES256" && rule.Default.KMSMasterKeyID != "" {
			problems.Add(property+"kmsMasterKeyId", "needs the sseAlgorithm aws:kms, not AES256")
		}
	}
	return problems
}
