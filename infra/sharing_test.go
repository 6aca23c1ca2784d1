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
	return attachOf(t, fixture(), told, changes...)
}

// attachOf is attach with another declaration, on both sides.
func attachOf(t *testing.T, declared lambdas.Service, told map[string]string, changes ...string) (*recording.Stack, error) {
	t.Helper()
	owner, err := deployWith(t, declared, with(settingsOf(t, "staging"), "autoDeploy=true"))
	if err != nil {
		t.Fatal(err)
	}
	c := cloud{parameters: map[string]string{}}
	for name, p := range owner.Of(parameterType) {
		c.parameters["/other/shared/"+name] = fmt.Sprint(p.Inputs["value"])
	}
	maps.Copy(c.parameters, told)
	maps.DeleteFunc(c.parameters, func(_, value string) bool { return value == "" })
	settings := with(settingsOf(t, "staging"), append([]string{"attachTo=other/shared", "domain=", "socketDomain=",
		"zone=", "corsOrigins=[]", "routeThrottles={}"}, changes...)...)
	c.caller = settings[own(settings, "account")]
	return deployIn(t, c, declared, settings)
}

// An attached stack adds its routes to the other's API, under the guard there,
// and has no API, stage, authorizer or domain of its own.
func TestAttached(t *testing.T) {
	t.Parallel()
	rec, err := attach(t, map[string]string{"/other/shared/apiId": "abc123", "/other/shared/authorizerId": "auth99",
		"/other/shared/apiExecutionArn": "arn:aws:execute-api:eu-central-1:1:abc123", "/other/shared/apiStage": "v1",
		"/other/shared/apiUrl": "https://api.example.com/v1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{apiType, stageType, deploymentType, authorizerType, domainType, mappingType, zoneType, certificateType} {
		if len(rec.Of(typ)) > 0 {
			t.Errorf("%d of %s", len(rec.Of(typ)), typ)
		}
	}
	routes := 0
	for _, f := range fixture().Functions {
		routes += len(f.HTTPRoutes())
	}
	if len(rec.Of(routeType)) != routes {
		t.Errorf("%d routes, want %d", len(rec.Of(routeType)), routes)
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
	rec, err := attach(t, map[string]string{"/other/shared/connectionsTableName": "theirs", "/other/shared/connectionsTableArn": "arn:theirs",
		"/other/shared/socketPostArn": "arn:post", "/other/shared/socketPostUrl": "https://post", "/other/shared/socketUrl": "wss://clients"})
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
	attached := config{AttachTo: "other/shared"}
	if err := checkDuties([]lambdas.Function{{Name: "a", Routes: []string{"GET /x"}}}, attached); err != nil {
		t.Error(err)
	}
	if err := checkDuties([]lambdas.Function{{Name: "a", Authorizes: true}, {Name: "b", Authorizes: true}}, attached); err == nil {
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
		"PROJECT:attachTo: the stack other/shared has no parameter /other/shared/apiId in this account and region; bring it up first": {
			map[string]string{"/other/shared/apiId": ""}, nil},
		"PROJECT:attachTo: the stack other/shared publishes its routes itself and would not publish those of this one; set other:autoDeploy to true there": {
			map[string]string{"/other/shared/apiAutoDeploy": "false"}, nil},
		"PROJECT:domain has no effect with PROJECT:attachTo: the API is that of other/shared; set it there": {nil, []string{"domain=api.example.com", "zone=example.com"}},
		"PROJECT:issuer has no effect with PROJECT:attachTo":                                                {nil, []string{"issuer=https://i.example", `audiences=["a"]`}},
		"PROJECT:corsOrigins has no effect with PROJECT:attachTo":                                           {nil, []string{`corsOrigins=["https://a.example"]`}},
		"PROJECT:routeThrottles has no effect with PROJECT:attachTo":                                        {nil, []string{`routeThrottles={"GET /items":{"rate":1,"burst":1}}`}},
	} {
		rec, err := attach(t, test.told, test.changes...)
		want = strings.ReplaceAll(want, "PROJECT", project(t))
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
	rec, err := attach(t, nil, "protect=true")
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
	functions := more(fixture(), lambdas.Function{Name: "both", Routes: []string{"GET /both"}, SocketRoutes: []string{"say"}}).Functions
	err := checkDuties(functions, config{project: "x", AttachTo: "other/shared"})
	if err == nil || !strings.Contains(err.Error(), "function both has WebSocket routes, which a stack with x:attachTo leaves to the other one") {
		t.Errorf("refused with %v", err)
	}
	if err := checkDuties(functions, config{}); err != nil {
		t.Error(err)
	}
}
