package acm

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/acm of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	certificates, validations := resourceTypes(newPlane(t).Certificates)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: certificates, Replaces: "domainName keyAlgorithm,computed subjectAlternativeNames,set,computed validationMethod",
			Updates: "options tags"},
		providertest.Schema{Type: validations, Replaces: "certificateArn validationRecordFqdns,set"},
	)
}
