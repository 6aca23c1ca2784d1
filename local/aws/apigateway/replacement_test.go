package apigateway

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/apigatewayv2 of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	apis, integrations, authorizers, routes, deployments, stages, domains, mappings := resourceTypes(newPlane(t).APIs)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: apis, Replaces: "protocolType", DeletedFirst: "name",
			Updates: "corsConfiguration description disableExecuteApiEndpoint ipAddressType name routeSelectionExpression tags version"},
		providertest.Schema{Type: integrations, Replaces: "apiId integrationType",
			Updates: "connectionType description integrationMethod integrationUri payloadFormatVersion timeoutMilliseconds"},
		providertest.Schema{Type: authorizers, Replaces: "apiId", DeletedFirst: "name",
			Updates: "authorizerPayloadFormatVersion authorizerResultTtlInSeconds authorizerType authorizerUri enableSimpleResponses identitySources jwtConfiguration name"},
		providertest.Schema{Type: routes, Replaces: "apiId",
			Updates: "authorizationScopes authorizationType authorizerId operationName routeKey target"},
		providertest.Schema{Type: deployments, Replaces: "apiId triggers",
			Updates: "description"},
		providertest.Schema{Type: stages, Replaces: "apiId name", DeletedFirst: "name",
			Updates: "accessLogSettings autoDeploy defaultRouteSettings deploymentId description routeSettings stageVariables tags"},
		providertest.Schema{Type: domains, Replaces: "domainName",
			Updates: "domainNameConfiguration tags"},
		providertest.Schema{Type: mappings, Replaces: "apiId domainName",
			Updates: "apiMappingKey stage"},
	)
}
