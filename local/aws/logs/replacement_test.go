package logs

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements has the schemas of internal/service/logs of
// terraform-provider-aws 5.100.0 and the names of provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	providertest.CheckReplacements(t,
		providertest.Schema{Type: newGroups(t).Resources(), Replaces: "logGroupClass,computed name", DeletedFirst: "name",
			Updates: "retentionInDays skipDestroy tags"},
	)
}
