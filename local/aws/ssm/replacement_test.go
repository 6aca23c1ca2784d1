package ssm

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/ssm of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	providertest.CheckReplacements(t,
		providertest.Schema{Type: resourceType(newParameters(t)), Replaces: "dataType,computed name", DeletedFirst: "name",
			Updates: "description overwrite tags tier type value"},
	)
}
