package secretsmanager

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/secretsmanager of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	f := newFixture(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: resourceType(f.Secrets), Replaces: "name", DeletedFirst: "name",
			Updates: "description forceOverwriteReplicaSecret kmsKeyId recoveryWindowInDays tags"},
	)
}
