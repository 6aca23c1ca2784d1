package sqs

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements compares the resource types with the schemas in
// internal/service/sqs of terraform-provider-aws 5.100.0 and with the names in
// provider/resources.go of pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	queues, policies, redrives, allows := resourceTypes(newFixture(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`).Queues)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: queues, Replaces: "fifoQueue,default=false name", DeletedFirst: "name",
			Updates: "delaySeconds kmsDataKeyReusePeriodSeconds kmsMasterKeyId maxMessageSize messageRetentionSeconds policy receiveWaitTimeSeconds redriveAllowPolicy redrivePolicy sqsManagedSseEnabled tags visibilityTimeoutSeconds"},
		providertest.Schema{Type: policies, Replaces: "queueUrl",
			Updates: "policy"},
		providertest.Schema{Type: redrives, Replaces: "queueUrl",
			Updates: "redrivePolicy"},
		providertest.Schema{Type: allows, Replaces: "queueUrl",
			Updates: "redriveAllowPolicy"},
	)
}
