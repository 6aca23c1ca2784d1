package logs

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements compares the resource type with the schemas in
// internal/service/logs of terraform-provider-aws 5.100.0 and with the names in
// provider/resources.go of pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	providertest.CheckReplacements(t,
		providertest.Schema{Type: resourceType(newGroups(t)), Replaces: "logGroupClass,computed name", DeletedFirst: "name",
			Updates: "retentionInDays skipDestroy tags"},
	)
}
