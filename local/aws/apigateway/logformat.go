package apigateway

import (
	"fmt"
	"slices"
	"strings"

	"skiff/local/aws/apigateway/httpapi"
)

// maxLogFormat is the largest access log format in bytes
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
const maxLogFormat = 3 << 10

// socketVariables are listed at
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html,
// here without "$context.". Variables that an authorizer adds have a prefix.
func socketVariables() []string {
	return []string{
		"apiId", "authenticate.error", "authenticate.latency", "authenticate.status", "authorize.error", "authorize.latency",
		"authorize.status", "connectedAt", "connectionId", "domainName", "error.message", "error.messageString", "error.responseType",
		"error.validationErrorString", "eventType", "extendedRequestId", "identity.accountId", "identity.apiKey", "identity.apiKeyId",
		"identity.caller", "identity.cognitoAuthenticationProvider", "identity.cognitoAuthenticationType", "identity.cognitoIdentityId",
		"identity.cognitoIdentityPoolId", "identity.principalOrgId", "identity.sourceIp", "identity.user", "identity.userAgent",
		"identity.userArn", "integration.error", "integration.integrationStatus", "integration.latency", "integration.requestId",
		"integration.status", "integrationLatency", "messageId", "requestId", "requestTime", "requestTimeEpoch", "routeKey", "stage",
		"status", "waf.error", "waf.latency", "waf.status", "wafResponseCode", "webaclArn",
	}
}

// formatProblems describes why a log format is refused. It must be a single
// line and include $context.requestId
// (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html).
// Its variables must exist in the protocol of the API, or in any protocol while
// the API is unknown.
func formatProblems(format, protocol string) []string {
	known, kind := httpapi.LogVariables(), "an HTTP API"
	switch protocol {
	case protocolSocket:
		known, kind = socketVariables(), "a WebSocket API"
	case "":
		known, kind = append(known, socketVariables()...), "an API"
	}
	var reasons []string
	if n := len(format); n > maxLogFormat {
		reasons = append(reasons, fmt.Sprintf("has %d bytes; at most %d", n, maxLogFormat))
	}
	if strings.ContainsAny(strings.TrimSpace(format), "\r\n") {
		reasons = append(reasons, "has more than one line")
	}
	found := httpapi.VariablesIn(format)
	if !slices.Contains(found, "$context.requestId") {
		reasons = append(reasons, "must include $context.requestId")
	}
	for _, variable := range found {
		name, ok := strings.CutPrefix(variable, "$context.")
		if !ok || !slices.Contains(known, name) && !strings.HasPrefix(name, "authorizer.") {
			reasons = append(reasons, fmt.Sprintf("%s has no %s to log", kind, variable))
		}
	}
	return reasons
}
