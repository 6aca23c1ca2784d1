package kms

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/kms of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	kinds, aliases := resourceTypes(newKeys(t))
	providertest.CheckReplacements(t,
		providertest.Schema{Type: kinds,
			Updates: "bypassPolicyLockoutSafetyCheck deletionWindowInDays description enableKeyRotation isEnabled policy rotationPeriodInDays tags"},
		providertest.Schema{Type: aliases, Replaces: "name", DeletedFirst: "always",
			Updates: "targetKeyId"},
	)
}
