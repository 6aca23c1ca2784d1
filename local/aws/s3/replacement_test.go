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
		providertest.Schema{Type: b.Resources(), Replaces: "bucket", DeletedFirst: "bucket",
			Updates: "forceDestroy tags"},
		providertest.Schema{Type: b.CORS(), Replaces: "bucket",
			Updates: "corsRules,set"},
		providertest.Schema{Type: b.Encryption(), Replaces: "bucket",
			Updates: "rules"},
		providertest.Schema{Type: b.Lifecycles(), Replaces: "bucket",
			Updates: "rules"},
		providertest.Schema{Type: b.OwnershipControls(), Replaces: "bucket",
			Updates: "rule"},
		providertest.Schema{Type: b.Policies(), Replaces: "bucket",
			Updates: "policy"},
		providertest.Schema{Type: b.PublicAccessBlocks(), Replaces: "bucket",
			Updates: "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets"},
		providertest.Schema{Type: b.Versioning(), Replaces: "bucket",
			Updates: "versioningConfiguration"},
	)
}
