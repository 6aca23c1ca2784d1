package lambda

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements compares the resource types with the schemas in
// internal/service/lambda of terraform-provider-aws 5.100.0 and with the names
// in provider/resources.go of pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	functions, permissions := FunctionTypes(p.Functions)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: functions, Replaces: "name packageType,default=Zip", DeletedFirst: "name",
			Updates: "architectures code description environment ephemeralStorage handler loggingConfig memorySize reservedConcurrentExecutions role runtime sourceCodeHash tags timeout tracingConfig"},
		providertest.Schema{Type: permissions, Replaces: "action function principal sourceAccount sourceArn statementId", DeletedFirst: "statementId"},
		providertest.Schema{Type: MappingType(NewEventSources(p.Functions, &fakeQueue{}, nil, nil)), Replaces: "eventSourceArn startingPosition",
			Updates: "batchSize bisectBatchOnFunctionError destinationConfig enabled filterCriteria functionName functionResponseTypes maximumBatchingWindowInSeconds maximumRecordAgeInSeconds,computed maximumRetryAttempts,computed parallelizationFactor,computed scalingConfig tags"},
	)
}
