package main

import (
	"fmt"
	"slices"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// routeRules returns the rules of routes, authorizers, permissions and
// integrations.
func routeRules() []rule {
	return []rule{
		{"a permission is for one API, stage and route", checkPermissions, recording.Set(permissionType, "health", "sourceArn",
			"arn:aws:execute-api:mock:123456789012:api/*/*")},
		{"a WebSocket permission is for the function's routes only", checkPermissions, recording.Set(permissionType, "socket-sockets", "sourceArn",
			"arn:aws:execute-api:mock:123456789012:sockets/*/*")},
		{"only the declared authorizers may call the function that authorizes", checkPermissions, recording.Set(permissionType, "authorize-sockets", "sourceArn",
			"arn:aws:execute-api:mock:123456789012:sockets/authorizers/*")},
		{"every declared route leads to its function", checkRoutes, recording.Set(routeType, "GET /health", "target",
			"integrations/integration-id of get-item")},
		{"a WebSocket route belongs to the WebSocket API", checkRoutes, recording.Set(routeType, "sockets $default", "apiId", "api-id of api")},
		{"every route is declared", checkRoutes, add(routeType, map[string]any{"routeKey": "GET /more"})},
		{"a route requires a token", checkGuards, recording.Set(routeType, "POST /items", "authorizationType", "NONE")},
		{"a route has the authorizer of its API", checkGuards, recording.Set(routeType, "GET /items", "authorizerId", "authorizer-id of sockets")},
		{"$connect requires a token", checkGuards, recording.Set(routeType, "sockets $connect", "authorizationType", "NONE")},
		{"a public route has no authorizer", checkGuards, recording.Set(routeType, "GET /health", "authorizerId", "authorizer-id of request")},
		{"the authorizer reads the header Authorization", checkAuthorizers, recording.Set(authorizerType, "request", "identitySources", []any{})},
		{"decisions are cached as authorizationCache says", checkAuthorizers, recording.Set(authorizerType, "request", "authorizerResultTtlInSeconds", 3599.0)},
		{"each API has one authorizer", checkAuthorizers, add(authorizerType, nil)},
		{"an integration calls its function", checkIntegrations, recording.Set(integrationType, "health", "payloadFormatVersion", "1.0")},
		{"a WebSocket integration uses POST", checkIntegrations, recording.Set(integrationType, "socket-sockets", "integrationMethod", "GET")},
		{"a function's timeout is shorter than the API's", checkTimeouts, recording.Set(functionType, "health", "timeout", 30.0)},
		{"an API with a domain has no default endpoint", checkEndpoints, func(r *recording.Stack) {
			in := r.Of(apiType)["api"].Inputs
			in["disableExecuteApiEndpoint"] = in["disableExecuteApiEndpoint"] != true
		}},
		{"the WebSocket API keeps its default endpoint for functions", checkEndpoints, recording.Set(apiType, "sockets", "disableExecuteApiEndpoint", true)},
	}
}

// httpKeys returns the HTTP routes of a function.
func httpKeys(f lambdas.Function) []string { return slices.Concat(f.Routes, f.PublicRoutes) }

// owner returns the function whose component contains the resource.
func owner(res recording.Resource) string {
	_, name, _ := strings.Cut(res.Parent, " ")
	return name
}

// sockets reports whether the stack has a WebSocket API.
func (h held) sockets() bool {
	return slices.ContainsFunc(h.Functions, func(f lambdas.Function) bool { return len(f.SocketRoutes) > 0 })
}

// issued returns the issuer of the stack's tokens and their audiences, from the
// settings or from the declared authorizer. The URL is "" if the stack's own
// key signs tokens.
func (h held) issued() (url string, audiences []string) {
	jwt := nested(h.Of(authorizerType)["jwt"], "jwtConfiguration")
	list, _ := jwt["audiences"].([]any)
	if url = h.set("issuer"); url != "" {
		list = array(h.set("audiences"))
	} else if jwt != nil {
		url = fmt.Sprint(jwt["issuer"])
	}
	for _, audience := range list {
		audiences = append(audiences, fmt.Sprint(audience))
	}
	return url, audiences
}

// signs reports whether the stack's own key signs tokens.
func (h held) signs() bool {
	url, _ := h.issued()
	return url == ""
}

// guarded reports whether a route of the HTTP API requires a token.
func (h held) guarded() bool {
	return slices.ContainsFunc(h.Functions, func(f lambdas.Function) bool { return len(f.Routes) > 0 })
}

// checkPermissions wants one permission for each function and API, no wider
// than its routes, and one for each authorizer.
func checkPermissions(h held) (offences []string) {
	api, sockets := h.Of(apiType)["api"].Outputs["executionArn"], h.Of(apiType)["sockets"].Outputs["executionArn"]
	stage := h.Of(stageType)["api"].Inputs["name"]
	want := map[string]string{}
	for _, f := range h.Functions {
		if keys := httpKeys(f); len(keys) == 1 {
			want[f.Name] = fmt.Sprintf("%v/%v/%s", api, stage, strings.Replace(keys[0], " ", "", 1))
		} else if len(keys) > 1 {
			want[f.Name] = fmt.Sprintf("%v/%v/%s", api, stage, sourcePattern(keys))
		}
		if len(f.SocketRoutes) > 0 {
			want[f.Name+"-sockets"] = fmt.Sprintf("%v/live/%s", sockets, sourcePattern(f.SocketRoutes))
		}
		if f.Authorizes {
			if h.sockets() {
				want["authorize-sockets"] = fmt.Sprintf("%v/authorizers/authorizer-id of sockets", sockets)
			}
			if h.signs() && h.guarded() {
				want["authorize-api"] = fmt.Sprintf("%v/authorizers/authorizer-id of request", api)
			}
		}
	}
	got := map[string]string{}
	for name, p := range h.Of(permissionType) {
		got[name] = fmt.Sprint(p.Inputs["sourceArn"])
		if p.Inputs["principal"] != "apigateway.amazonaws.com" || p.Inputs["action"] != "lambda:InvokeFunction" ||
			p.Inputs["function"] != h.Of(functionType)[owner(p)].Outputs["name"] {
			offences = append(offences, fmt.Sprintf("%s: %v", name, p.Inputs))
		}
	}
	return append(offences, differ("permissions", got, want)...)
}

func checkRoutes(h held) (offences []string) {
	want := map[string]string{}
	for _, f := range h.Functions {
		for _, key := range httpKeys(f) {
			want[shape(key)] = key + " of api-id of api, integrations/integration-id of " + f.Name
		}
		for _, key := range f.SocketRoutes {
			want["sockets "+key] = key + " of api-id of sockets, integrations/integration-id of " + f.Name + "-sockets"
		}
	}
	got := map[string]string{}
	for name, route := range h.Of(routeType) {
		got[name] = fmt.Sprintf("%v of %v, %v", route.Inputs["routeKey"], route.Inputs["apiId"], route.Inputs["target"])
	}
	return append(offences, differ("routes", got, want)...)
}

// checkGuards wants an authorizer for every HTTP route that is not public, and
// for $connect.
func checkGuards(h held) (offences []string) {
	by := "CUSTOM authorizer-id of request"
	if !h.signs() {
		by = "JWT authorizer-id of jwt"
	}
	want := map[string]string{}
	for _, f := range h.Functions {
		for _, key := range f.Routes {
			want[key] = by
		}
		for _, key := range slices.Concat(f.PublicRoutes, f.SocketRoutes) {
			want[key] = "NONE <nil>"
		}
	}
	if _, declared := want["$connect"]; declared {
		want["$connect"] = "CUSTOM authorizer-id of sockets"
	}
	got := map[string]string{}
	for _, route := range h.Of(routeType) {
		got[fmt.Sprint(route.Inputs["routeKey"])] = fmt.Sprint(route.Inputs["authorizationType"], " ", route.Inputs["authorizerId"])
	}
	return differ("guards", got, want)
}

// checkAuthorizers wants one authorizer for each API. The WebSocket API's has
// no identity source, because browsers send the token in the query and other
// clients in a header.
func checkAuthorizers(h held) (offences []string) {
	var asks any
	for _, f := range h.Functions {
		if f.Authorizes {
			asks = h.Of(functionType)[f.Name].Outputs["invokeArn"]
		}
	}
	want := map[string]map[string]any{
		"request": {"apiId": "api-id of api", "authorizerType": "REQUEST", "authorizerUri": asks, "enableSimpleResponses": true,
			"authorizerPayloadFormatVersion": "2.0", "authorizerResultTtlInSeconds": h.set("authorizationCache"),
			"identitySources": "[$request.header.Authorization]"},
		"sockets": {"apiId": "api-id of sockets", "authorizerType": "REQUEST", "authorizerUri": asks},
	}
	if issuer, audiences := h.issued(); issuer != "" {
		delete(want, "request")
		want["jwt"] = map[string]any{"apiId": "api-id of api", "authorizerType": "JWT", "identitySources": "[$request.header.Authorization]",
			"jwtConfiguration": map[string]any{"issuer": issuer, "audiences": audiences}}
	}
	if !h.sockets() {
		delete(want, "sockets")
	}
	if !h.guarded() {
		delete(want, "request")
		delete(want, "jwt")
	}
	got := map[string]map[string]any{}
	for name, a := range h.Of(authorizerType) {
		got[name] = a.Inputs
	}
	return differ("authorizers", got, want)
}

// checkIntegrations wants payload version 2.0 for HTTP integrations. A
// WebSocket API does not have it and needs the method POST.
func checkIntegrations(h held) (offences []string) {
	for name, i := range h.Of(integrationType) {
		version, method := any("2.0"), any(nil)
		if strings.HasSuffix(name, "-sockets") {
			version, method = nil, "POST"
		}
		if i.Inputs["integrationUri"] != h.Of(functionType)[owner(i)].Outputs["invokeArn"] || i.Inputs["integrationType"] != "AWS_PROXY" ||
			i.Inputs["payloadFormatVersion"] != version || i.Inputs["integrationMethod"] != method {
			offences = append(offences, fmt.Sprintf("%s: %v", name, i.Inputs))
		}
	}
	return offences
}

// checkTimeouts wants the timeouts of API Gateway to be valid and longer than
// the function's. The maximum of a WebSocket API is a second shorter.
func checkTimeouts(h held) (offences []string) {
	for name, i := range h.Of(integrationType) {
		seconds, _ := h.Of(functionType)[owner(i)].Inputs["timeout"].(float64)
		gateway, most := i.Inputs["timeoutMilliseconds"], 30_000.0
		if strings.HasSuffix(name, "-sockets") {
			most = 29_000
		}
		if ms, _ := gateway.(float64); seconds < 1 || seconds > 29 || ms > most || ms < seconds*1000 {
			offences = append(offences, fmt.Sprintf("%s: %v s behind %v ms", name, seconds, gateway))
		}
	}
	return offences
}

func checkEndpoints(h held) (offences []string) {
	closed := h.set("domain") != "" && h.set("delegated") == "true"
	return append(differ("the default endpoint of api is disabled", h.Of(apiType)["api"].Inputs["disableExecuteApiEndpoint"] == true, closed),
		differ("the default endpoint of sockets is disabled", h.Of(apiType)["sockets"].Inputs["disableExecuteApiEndpoint"] == true, false)...)
}
