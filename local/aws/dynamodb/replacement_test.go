package dynamodb

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements has the schemas of internal/service/dynamodb of
// terraform-provider-aws 5.100.0 and the names of provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	providertest.CheckReplacements(t,
		providertest.Schema{Type: New(nil, nil).Resources(), Replaces: "hashKey localSecondaryIndexes,set name rangeKey", DeletedFirst: "name",
			Updates: "attributes billingMode deletionProtectionEnabled globalSecondaryIndexes pointInTimeRecovery readCapacity serverSideEncryption streamEnabled streamViewType,computed tableClass tags ttl writeCapacity"},
	)
}
