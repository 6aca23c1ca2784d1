package dynamodb

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements compares the resource type with the schemas in
// internal/service/dynamodb of terraform-provider-aws 5.100.0 and with the
// names in provider/resources.go of pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	providertest.CheckReplacements(t,
		providertest.Schema{Type: resourceType(New(nil, nil)), Replaces: "hashKey localSecondaryIndexes,set name rangeKey", DeletedFirst: "name",
			Updates: "attributes billingMode deletionProtectionEnabled globalSecondaryIndexes pointInTimeRecovery readCapacity serverSideEncryption streamEnabled streamViewType,computed tableClass tags ttl writeCapacity"},
	)
}
