package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// attach runs the program for a stack that is attached to another, which tells
// these parameters besides, or instead of, its own.
func attach(t *testing.T, told map[string]string, changes ...string) (*recording.Stack, error) {
	t.Helper()
	owner, err := deployWith(t, lambdas.Functions(), with(settingsOf(t, "staging"), "skiff:autoDeploy=true"))
	if err != nil {
		t.Fatal(err)
	}
	c := cloud{parameters: map[string]string{}}
	for name, p := range owner.Of(parameterType) {
		c.parameters["/skiff/shared/"+name] = fmt.Sprint(p.Inputs["value"])
	}
	maps.Copy(c.parameters, told)
	maps.DeleteFunc(c.parameters, func(_, value string) bool { return value == "" })
	settings := with(settingsOf(t, "staging"), append([]string{"skiff:attachTo=skiff/shared", "skiff:domain=", "skiff:socketDomain=",
		"skiff:zone=", "skiff:corsOrigins=[]", "skiff:routeThrottles={}"}, changes...)...)
	c.caller = settings["skiff:account"]
	return deployIn(t, c, lambdas.Functions(), settings)
}

// An attached stack adds its routes to the other's API, under the guard there,
// and has no API, stage, authorizer or domain of its own.
func TestAttached(t *testing.T) {
	t.Parallel()
	rec, err := attach(t, map[string]string{"/skiff/shared/apiId": "abc123", "/skiff/shared/authorizerId": "auth99",
		"/skiff/shared/apiExecutionArn": "arn:aws:execute-api:eu-central-1:1:abc123", "/skiff/shared/apiStage": "v1",
		"/skiff/shared/apiUrl": "https://api.example.com/v1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{apiType, stageType, deploymentType, authorizerType, domainType, mappingType, zoneType, certificateType} {
		if len(rec.Of(typ)) > 0 {
			t.Errorf("%d of %s", len(rec.Of(typ)), typ)
		}
	}
	if len(rec.Of(routeType)) != 6 {
		t.Errorf("%d routes", len(rec.Of(routeType)))
	}
	for key, route := range rec.Of(routeType) {
		want := "abc123 CUSTOM auth99"
		if key == "GET /health" {
			want = "abc123 NONE <nil>"
		}
		if got := fmt.Sprint(route.Inputs["apiId"], " ", route.Inputs["authorizationType"], " ", route.Inputs["authorizerId"]); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	if got := rec.Of(permissionType)["health"].Inputs["sourceArn"]; got != "arn:aws:execute-api:eu-central-1:1:abc123/v1/GET/health" {
		t.Errorf("health may be called by %v", got)
	}
	if url := rec.Outputs["apiUrl"]; url != "https://api.example.com/v1" {
		t.Errorf("apiUrl %v", url)
	}
}

// Its events reach the clients that are connected to the other stack; what
// decides on tokens, and their key, are there.
func TestAttachedSockets(t *testing.T) {
	t.Parallel()
	rec, err := attach(t, map[string]string{"/skiff/shared/connectionsTableName": "theirs", "/skiff/shared/connectionsTableArn": "arn:theirs",
		"/skiff/shared/socketPostArn": "arn:post", "/skiff/shared/socketPostUrl": "https://post", "/skiff/shared/socketUrl": "wss://clients"})
	if err != nil {
		t.Fatal(err)
	}
	for key := range rec.Resources {
		if strings.HasSuffix(key, " authorize") || strings.HasSuffix(key, " socket") || key == secretType+" token-key" || key == tableType+" connections" {
			t.Errorf("%s is declared", key)
		}
	}
	env := nested(rec.Of(functionType)["notify"], "environment", "variables")
	if env["CONNECTIONS_TABLE_NAME"] != "theirs" || env["CONNECTIONS_URL"] != "https://post" {
		t.Errorf("notify is told %v", env)
	}
	rights := strings.Join(pairs(rec.Of(policyType)["notify"].Inputs["policy"]), "\n")
	for _, want := range []string{"execute-api:ManageConnections on arn:post", "dynamodb:Query on arn:theirs"} {
		if !strings.Contains(rights, want) {
			t.Errorf("notify may not %s, but\n%s", want, rights)
		}
	}
	if url := rec.Outputs["socketUrl"]; url != "wss://clients" {
		t.Errorf("socketUrl %v", url)
	}
	for name, p := range rec.Of(parameterType) {
		if strings.HasPrefix(name, "api") || strings.HasPrefix(name, "authoriz") || strings.HasPrefix(name, "socket") || strings.HasPrefix(name, "connections") {
			t.Errorf("it tells %v, which is the other's to tell", p.Inputs["name"])
		}
	}
	for name := range rec.Of(alarmType) {
		if strings.HasPrefix(name, "api-") {
			t.Errorf("it watches the other's API, by %s", name)
		}
	}
}

// An attached stack may leave the authorizer undeclared.
func TestAttachedWithoutAuthorizer(t *testing.T) {
	t.Parallel()
	if err := check("skiff", "mock", []lambdas.Function{{Name: "a", Routes: []string{"GET /x"}}}, true); err != nil {
		t.Error(err)
	}
	if err := check("skiff", "mock", []lambdas.Function{{Name: "a", Authorizes: true}, {Name: "b", Authorizes: true}}, true); err == nil {
		t.Error("two authorizers are accepted")
	}
}

// What cannot be attached to is refused by the setting, before anything is
// declared.
func TestAttachedRefused(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		told    map[string]string
		changes []string
	}{
		"skiff:attachTo: the stack skiff/shared tells no /skiff/shared/apiId in this account and region; bring it up first": {
			map[string]string{"/skiff/shared/apiId": ""}, nil},
		"skiff:attachTo: the stack skiff/shared publishes its routes itself and would not publish those of this one; set skiff:autoDeploy to true there": {
			map[string]string{"/skiff/shared/apiAutoDeploy": "false"}, nil},
		"skiff:domain has no effect with skiff:attachTo: the API is that of skiff/shared; set it there": {nil, []string{"skiff:domain=api.example.com", "skiff:zone=example.com"}},
		"skiff:issuer has no effect with skiff:attachTo":                                                {nil, []string{"skiff:issuer=https://i.example", `skiff:audiences=["a"]`}},
		"skiff:corsOrigins has no effect with skiff:attachTo":                                           {nil, []string{`skiff:corsOrigins=["https://a.example"]`}},
		"skiff:routeThrottles has no effect with skiff:attachTo":                                        {nil, []string{`skiff:routeThrottles={"GET /items":{"rate":1,"burst":1}}`}},
	} {
		rec, err := attach(t, test.told, test.changes...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %v, want %s", err, want)
		}
		if len(rec.Resources) > 1 { // the provider
			t.Errorf("%s: %d resources were registered all the same", want, len(rec.Resources))
		}
	}
}

// Where the stack is protected, the first thing that a destroy would delete is
// too: all else is before it.
func TestAttachedProtected(t *testing.T) {
	t.Parallel()
	rec, err := attach(t, nil, "skiff:protect=true")
	if err != nil {
		t.Fatal(err)
	}
	if !rec.Of(parameterType)["attachedTo"].Protected {
		t.Error("the last resource is not protected")
	}
	before, next := map[string]bool{}, []string{parameterType + " attachedTo"}
	for len(next) > 0 {
		res := rec.Resources[next[0]]
		before[next[0]] = true
		next = next[1:]
		for _, key := range append(slices.Clone(res.After), res.Parent) {
			if !before[key] {
				next = append(next, key)
			}
		}
	}
	for key, res := range rec.Resources {
		if !before[key] && !res.Protected && res.Type != accountType {
			t.Errorf("%s is not before the last resource", key)
		}
	}
}

// A function with routes of both kinds would lose some in an attached stack.
func TestAttachedBothKinds(t *testing.T) {
	t.Parallel()
	functions := append(lambdas.Functions(), lambdas.Function{Name: "both", Routes: []string{"GET /both"}, SocketRoutes: []string{"say"}})
	err := check("skiff", "mock", functions, true)
	if err == nil || !strings.Contains(err.Error(), "function both has WebSocket routes, which a stack with skiff:attachTo leaves to the other one") {
		t.Errorf("refused with %v", err)
	}
	if err := check("skiff", "mock", functions, false); err != nil {
		t.Error(err)
	}
}
