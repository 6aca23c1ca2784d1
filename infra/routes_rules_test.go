package main

import (
	"fmt"
	"slices"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// routeRules are those of routes, of who may call them, and of what they call.
func routeRules() []rule {
	return []rule{
		{"one permission, for this API, stage and route", checkPermissions, recording.Set(permissionType, "health", "sourceArn",
			"arn:aws:execute-api:mock:123456789012:api/*/*")},
		{"one permission for all WebSocket routes", checkPermissions, recording.Set(permissionType, "socket-sockets", "sourceArn",
			"arn:aws:execute-api:mock:123456789012:sockets/*/*")},
		{"the authorizer is asked by these APIs' alone", checkPermissions, recording.Set(permissionType, "authorize-sockets", "sourceArn",
			"arn:aws:execute-api:mock:123456789012:sockets/authorizers/*")},
		{"every declared route, to its function", checkRoutes, recording.Set(routeType, "GET /health", "target",
			"integrations/integration-id of get-item")},
		{"a WebSocket route is one of that API", checkRoutes, recording.Set(routeType, "sockets $default", "apiId", "api-id of api")},
		{"no route that is not declared", checkRoutes, add(routeType, map[string]any{"routeKey": "GET /more"})},
		{"a route is guarded", checkGuards, recording.Set(routeType, "POST /items", "authorizationType", "NONE")},
		{"a route is guarded by the one authorizer", checkGuards, recording.Set(routeType, "GET /items", "authorizerId", "authorizer-id of sockets")},
		{"who connects is let in", checkGuards, recording.Set(routeType, "sockets $connect", "authorizationType", "NONE")},
		{"a public route asks nobody", checkGuards, recording.Set(routeType, "GET /health", "authorizerId", "authorizer-id of request")},
		{"the authorizer takes the header and answers yes or no", checkAuthorizers, recording.Set(authorizerType, "request", "identitySources", []any{})},
		{"what is decided is remembered as long as is set", checkAuthorizers, recording.Set(authorizerType, "request", "authorizerResultTtlInSeconds", 3599.0)},
		{"there is one authorizer for each API", checkAuthorizers, add(authorizerType, nil)},
		{"an integration calls its function", checkIntegrations, recording.Set(integrationType, "health", "payloadFormatVersion", "1.0")},
		{"a WebSocket integration posts", checkIntegrations, recording.Set(integrationType, "socket-sockets", "integrationMethod", "GET")},
		{"the function ends before the API gives up", checkTimeouts, recording.Set(functionType, "health", "timeout", 30.0)},
		{"an API with a domain is at no other URL", checkEndpoints, func(r *recording.Stack) {
			in := r.Of(apiType)["api"].Inputs
			in["disableExecuteApiEndpoint"] = in["disableExecuteApiEndpoint"] != true
		}},
		{"functions reach the WebSocket API at its URL", checkEndpoints, recording.Set(apiType, "sockets", "disableExecuteApiEndpoint", true)},
	}
}

// httpKeys are the HTTP routes of a function.
func httpKeys(f lambdas.Function) []string { return slices.Concat(f.Routes, f.PublicRoutes) }

// owner is the function that a part belongs to.
func owner(res recording.Resource) string {
	_, name, _ := strings.Cut(res.Parent, " ")
	return name
}

// sockets reports whether the stack has a WebSocket API.
func (h held) sockets() bool {
	return slices.ContainsFunc(h.Functions, func(f lambdas.Function) bool { return len(f.SocketRoutes) > 0 })
}

// issued is the issuer of the stack's tokens and their audiences: of the settings,
// or one that the program declares; "" where the stack's own key signs them.
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

// guarded reports whether a route of the HTTP API needs a token.
func (h held) guarded() bool {
	return slices.ContainsFunc(h.Functions, func(f lambdas.Function) bool { return len(f.Routes) > 0 })
}

// checkPermissions wants for each function one permission for each API it has
// routes of, no wider than they are, and for the authorizer one for each API's.
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

// checkGuards wants a token for all HTTP routes but those declared public, and
// for who connects.
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

// checkAuthorizers wants one for each API. That of the WebSocket API has no
// source of the token, which browsers send in the query, others in a header.
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

// checkIntegrations knows that a WebSocket API has no payload version 2.0, and
// must be told the method.
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

// checkTimeouts knows that a WebSocket API gives up a second earlier.
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
	return append(differ("api closed at its own URL", h.Of(apiType)["api"].Inputs["disableExecuteApiEndpoint"] == true, closed),
		differ("sockets closed at its own URL", h.Of(apiType)["sockets"].Inputs["disableExecuteApiEndpoint"] == true, false)...)
}
