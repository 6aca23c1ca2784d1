package sns

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/sns of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	known, _ := newTopics(t)
	topics, subscriptions := resourceTypes(known)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: topics, Replaces: "name", DeletedFirst: "name",
			Updates: "deliveryPolicy displayName kmsMasterKeyId policy signatureVersion tags tracingConfig"},
		providertest.Schema{Type: subscriptions, Replaces: "endpoint protocol topic",
			Updates: "confirmationTimeoutInMinutes deliveryPolicy endpointAutoConfirms filterPolicy filterPolicyScope rawMessageDelivery redrivePolicy"},
	)
}
