package s3

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/s3 of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	b := newBuckets(t)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: buckets(b), Replaces: "bucket", DeletedFirst: "bucket",
			Updates: "forceDestroy tags"},
		providertest.Schema{Type: corsRules(b), Replaces: "bucket",
			Updates: "corsRules,set"},
		providertest.Schema{Type: encryption(b), Replaces: "bucket",
			Updates: "rules"},
		providertest.Schema{Type: lifecycles(b), Replaces: "bucket",
			Updates: "rules"},
		providertest.Schema{Type: ownershipControls(b), Replaces: "bucket",
			Updates: "rule"},
		providertest.Schema{Type: policies(b), Replaces: "bucket",
			Updates: "policy"},
		providertest.Schema{Type: publicAccessBlocks(b), Replaces: "bucket",
			Updates: "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets"},
		providertest.Schema{Type: versioning(b), Replaces: "bucket",
			Updates: "versioningConfiguration"},
	)
}
