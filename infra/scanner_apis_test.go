package main

import (
	"slices"
	"strings"

	"skiff/lambdas"
)

// scannerAPIs are the rules on APIs, stages, routes and integrations.
func scannerAPIs() []scannerRule {
	stages := []string{stageType}
	return []scannerRule{
		{title: "a stage logs each request",
			ids: "CKV_AWS_76 CKV_AWS_95 AWS-0001 aws-api-gateway-enable-access-logging FSBP:APIGateway.9 cfn-nag:W46 " +
				"KICS:1b6799eb-4a7a-4b04-9001-8cceb9999326 KICS:bf4b48b9-fc1f-4552-984a-4becdb5bf503 " +
				"prowler:apigatewayv2_api_access_logging_enabled",
			types: stages, asks: has("accessLogSettings.destinationArn"),
			except: []exception{{"a WebSocket API logs by a role of the whole account", webSocket}}},
		{title: "a WebSocket API logs what it does", ids: "FSBP:APIGateway.1", types: stages, where: webSocket,
			asks: is("defaultRouteSettings.loggingLevel", "ERROR", "INFO"), except: unfollowed("it logs by a role of the whole account")},
		{title: "a stage throttles", ids: "own:APIGW_THROTTLE", types: stages, asks: has("defaultRouteSettings.throttlingRateLimit")},
		{title: "a stage has a client certificate",
			ids:   "KICS:f27791a5-e2ae-4905-8910-6f995c576d09 CKV2_AWS_51",
			types: stages, asks: has("clientCertificateId"),
			except: unfollowed("an HTTP API has none, and a WebSocket API shows it to HTTP back ends, where these have functions")},
		{title: "a route asks who calls",
			ids:   "CKV_AWS_309 FSBP:APIGateway.8 prowler:apigatewayv2_api_authorizers_enabled",
			types: []string{routeType}, asks: is("authorizationType", "JWT", "CUSTOM", "AWS_IAM"),
			except: []exception{
				{"declared public", declaredPublic},
				{"of a WebSocket API only $connect can be guarded, and is", func(s subject) bool { return webSocket(s) && s.input("routeKey") != "$connect" }},
			}},
		{title: "events of version 2", ids: "own:APIGW_PAYLOAD2", types: []string{integrationType}, asks: is("payloadFormatVersion", "2.0"),
			except: []exception{{"a WebSocket API has 1.0 alone", webSocket}}},
		{title: "API Gateway waits for the function", ids: "own:APIGW_INTEG_TIMEOUT", types: []string{integrationType}, asks: patient()},
		{title: "no credentials for every origin", ids: "own:APIGW_CORS", types: []string{apiType}, asks: demand{
			func(s subject) bool {
				return s.input("corsConfiguration.allowCredentials") != true || !strings.Contains(s.text("corsConfiguration.allowOrigins"), "*")
			},
			func(s subject) {
				s.put("corsConfiguration", map[string]any{"allowOrigins": []any{"*"}, "allowCredentials": true})
			}}},
		{title: "a domain is the one way in", ids: "own:APIGW_DISABLE_DEFAULT_ENDPOINT", types: []string{apiType},
			where: func(s subject) bool { return len(s.others(domainType)) > 0 }, asks: is("disableExecuteApiEndpoint", true),
			except: []exception{{"functions post to connections at its own URL, which they know before there is a domain",
				func(s subject) bool { return s.input("protocolType") == "WEBSOCKET" }}}},
	}
}

// declaredPublic is whether the route is one that a function has for anyone.
func declaredPublic(s subject) bool {
	return slices.ContainsFunc(more(everything(), lambdas.Declared().Functions...).Functions, func(f lambdas.Function) bool {
		return slices.Contains(f.PublicRoutes, s.text("routeKey"))
	})
}

// patient wants an integration to wait as long as its function may take, within
// what API Gateway allows.
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
