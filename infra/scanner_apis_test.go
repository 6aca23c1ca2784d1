package main

import (
	"slices"
	"strings"

	"skiff/lambdas"
)

// scannerAPIs returns the rules on APIs, stages, routes and integrations.
func scannerAPIs() []scannerRule {
	stages := []string{stageType}
	return []scannerRule{
		{title: "a stage logs each request",
			ids: "CKV_AWS_76 CKV_AWS_95 AWS-0001 aws-api-gateway-enable-access-logging FSBP:APIGateway.9 cfn-nag:W46 " +
				"KICS:1b6799eb-4a7a-4b04-9001-8cceb9999326 KICS:bf4b48b9-fc1f-4552-984a-4becdb5bf503 " +
				"prowler:apigatewayv2_api_access_logging_enabled",
			types: stages, asks: has("accessLogSettings.destinationArn"),
			except: []exception{{"a WebSocket API logs with a role of the whole account", webSocket}}},
		{title: "a WebSocket API writes execution logs", ids: "FSBP:APIGateway.1", types: stages, where: webSocket,
			asks: is("defaultRouteSettings.loggingLevel", "ERROR", "INFO"), except: unfollowed("it logs with a role of the whole account")},
		{title: "a stage throttles", ids: "own:APIGW_THROTTLE", types: stages, asks: has("defaultRouteSettings.throttlingRateLimit")},
		{title: "a stage has a client certificate",
			ids:   "KICS:f27791a5-e2ae-4905-8910-6f995c576d09 CKV2_AWS_51",
			types: stages, asks: has("clientCertificateId"),
			except: unfollowed("an HTTP API has none, and a WebSocket API presents it only to HTTP back ends, which these APIs do not have")},
		{title: "a route has an authorizer",
			ids:   "CKV_AWS_309 FSBP:APIGateway.8 prowler:apigatewayv2_api_authorizers_enabled",
			types: []string{routeType}, asks: is("authorizationType", "JWT", "CUSTOM", "AWS_IAM"),
			except: []exception{
				{"the route is declared public", declaredPublic},
				{"in a WebSocket API only $connect can have an authorizer, and it has one", func(s subject) bool { return webSocket(s) && s.input("routeKey") != "$connect" }},
			}},
		{title: "an integration has payload version 2.0", ids: "own:APIGW_PAYLOAD2", types: []string{integrationType}, asks: is("payloadFormatVersion", "2.0"),
			except: []exception{{"a WebSocket API has only version 1.0", webSocket}}},
		{title: "API Gateway waits for the function", ids: "own:APIGW_INTEG_TIMEOUT", types: []string{integrationType}, asks: patient()},
		{title: "CORS does not allow credentials for every origin", ids: "own:APIGW_CORS", types: []string{apiType}, asks: demand{
			func(s subject) bool {
				return s.input("corsConfiguration.allowCredentials") != true || !strings.Contains(s.text("corsConfiguration.allowOrigins"), "*")
			},
			func(s subject) {
				s.put("corsConfiguration", map[string]any{"allowOrigins": []any{"*"}, "allowCredentials": true})
			}}},
		{title: "an API with a domain has no default endpoint", ids: "own:APIGW_DISABLE_DEFAULT_ENDPOINT", types: []string{apiType},
			where: func(s subject) bool { return len(s.others(domainType)) > 0 }, asks: is("disableExecuteApiEndpoint", true),
			except: []exception{{"functions post to connections at the default endpoint, which they know before there is a domain",
				func(s subject) bool { return s.input("protocolType") == "WEBSOCKET" }}}},
	}
}

// declaredPublic reports whether a function declares the route as public.
func declaredPublic(s subject) bool {
	return slices.ContainsFunc(more(everything(), lambdas.Declared().Functions...).Functions, func(f lambdas.Function) bool {
		return slices.Contains(f.PublicRoutes, s.text("routeKey"))
	})
}

// patient wants an integration to wait at least as long as the function's
// timeout, within API Gateway's limits.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func patient() demand {
	return demand{func(s subject) bool {
		ms, _ := s.input("timeoutMilliseconds").(float64)
		for _, f := range s.others(functionType) {
			if f.Outputs["invokeArn"] == s.input("integrationUri") {
				seconds, ok := f.Inputs["timeout"].(float64)
				return ok && ms >= 50 && ms <= 30_000 && ms >= seconds*1000
			}
		}
		return false
	}, func(s subject) { s.put("timeoutMilliseconds", 51.0) }}
}
