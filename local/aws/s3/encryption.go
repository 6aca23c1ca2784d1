package s3

import (
	"fmt"

	"skiff/local/engine/provider"
)

// Encryption is the inputs of how the objects of a bucket are encrypted.
type Encryption struct {
	Bucket string           `json:"bucket" aws:"required,replace"`
	Rules  []EncryptionRule `json:"rules" aws:"required,idle"`
}

// EncryptionRule is a rule, of which a bucket has one.
type EncryptionRule struct {
	Default          *DefaultEncryption `json:"applyServerSideEncryptionByDefault,omitempty"`
	BucketKeyEnabled bool               `json:"bucketKeyEnabled,omitempty"`
}

// DefaultEncryption is that of an object whose writer asks for none.
type DefaultEncryption struct {
	KMSMasterKeyID string `json:"kmsMasterKeyId,omitempty"`
	SSEAlgorithm   string `json:"sseAlgorithm" aws:"required"`
}

// Encryption is the resource type of Encryption. Whether there is the key is
// asked when an object is written, so never.
func (b *Buckets) Encryption() *provider.Resource[Encryption, struct{}] {
	return setting(b, EncryptionToken, func(in Encryption) string { return in.Bucket }, checkEncryption, nil, encryptionActions)
}

// checkEncryption refuses what
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
// does.
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
			problems.Add(property+"kmsMasterKeyId", "goes with aws:kms, not with AES256")
		}
	}
	return problems
}
