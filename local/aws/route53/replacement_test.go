package route53

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/route53 of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	zones, records := resourceTypes(newPlane(t).Zones)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: zones, Replaces: "name", DeletedFirst: "always",
			Updates: "comment forceDestroy tags"},
		providertest.Schema{Type: records, Replaces: "zoneId name",
			Updates: "aliases allowOverwrite records ttl type"},
	)
}
