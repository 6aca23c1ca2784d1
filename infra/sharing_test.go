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

// attach runs the program for a stack that is attached to a host stack.
// Parameters replace or extend the host's own; an empty value removes one.
func attach(t *testing.T, parameters map[string]string, changes ...string) (*recording.Stack, error) {
	t.Helper()
	return attachOf(t, fixture(), parameters, changes...)
}

// attachOf is attach with another declaration for both stacks.
func attachOf(t *testing.T, declared lambdas.Service, parameters map[string]string, changes ...string) (*recording.Stack, error) {
	t.Helper()
	owner, err := deployWith(t, declared, with(settingsOf(t, "staging"), "autoDeploy=true"))
	if err != nil {
		t.Fatal(err)
	}
	c := cloud{parameters: map[string]string{}}
	for name, p := range owner.Of(parameterType) {
		c.parameters["/other/shared/"+name] = fmt.Sprint(p.Inputs["value"])
	}
	maps.Copy(c.parameters, parameters)
	maps.DeleteFunc(c.parameters, func(_, value string) bool { return value == "" })
	settings := with(settingsOf(t, "staging"), append([]string{"attachTo=other/shared", "domain=", "socketDomain=",
		"zone=", "corsOrigins=[]", "routeThrottles={}"}, changes...)...)
	c.caller = settings[own(settings, "account")]
	return deployIn(t, c, declared, settings)
}

// TestAttached checks that an attached stack adds its routes to the host's API
// with the host's authorizer. It has no API, stage, authorizer or domain
// itself.
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

// TestAttachedSockets checks that the functions use the WebSocket clients of
// the host. The function that authorizes and the token key exist only there.
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
		t.Errorf("the environment of notify is %v", env)
	}
	rights := strings.Join(pairs(rec.Of(policyType)["notify"].Inputs["policy"]), "\n")
	for _, want := range []string{"execute-api:ManageConnections on arn:post", "dynamodb:Query on arn:theirs"} {
		if !strings.Contains(rights, want) {
			t.Errorf("notify does not have the right %s, only\n%s", want, rights)
		}
	}
	if url := rec.Outputs["socketUrl"]; url != "wss://clients" {
		t.Errorf("socketUrl %v", url)
	}
	for name, p := range rec.Of(parameterType) {
		if strings.HasPrefix(name, "api") || strings.HasPrefix(name, "authoriz") || strings.HasPrefix(name, "socket") || strings.HasPrefix(name, "connections") {
			t.Errorf("it publishes %v, which belongs to the host", p.Inputs["name"])
		}
	}
	for name := range rec.Of(alarmType) {
		if strings.HasPrefix(name, "api-") {
			t.Errorf("the alarm %s watches the host's API", name)
		}
	}
}

// TestAttachedWithoutAuthorizer checks that an attached stack needs no function
// that authorizes.
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

// TestAttachedRefused checks that the error names the setting, and comes before
// any resource.
func TestAttachedRefused(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		parameters map[string]string
		changes    []string
	}{
		"PROJECT:attachTo: the stack other/shared has no readable parameter /other/shared/apiId in this account and region; run up there first": {
			map[string]string{"/other/shared/apiId": ""}, nil},
		"PROJECT:attachTo: the API of stack other/shared does not deploy the routes of this stack; set other:autoDeploy to true there": {
			map[string]string{"/other/shared/apiAutoDeploy": "false"}, nil},
		"PROJECT:domain has no effect with PROJECT:attachTo: the API belongs to other/shared; set it there": {nil, []string{"domain=api.example.com", "zone=example.com"}},
		"PROJECT:issuer has no effect with PROJECT:attachTo":                                                {nil, []string{"issuer=https://i.example", `audiences=["a"]`}},
		"PROJECT:corsOrigins has no effect with PROJECT:attachTo":                                           {nil, []string{`corsOrigins=["https://a.example"]`}},
		"PROJECT:routeThrottles has no effect with PROJECT:attachTo":                                        {nil, []string{`routeThrottles={"GET /items":{"rate":1,"burst":1}}`}},
	} {
		rec, err := attach(t, test.parameters, test.changes...)
		want = strings.ReplaceAll(want, "PROJECT", project(t))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %v, want %s", err, want)
		}
		if len(rec.Resources) > 1 { // the provider
			t.Errorf("%s: %d resources were registered", want, len(rec.Resources))
		}
	}
}

// TestAttachedProtected checks that the resource which a destroy deletes first
// is protected: it depends on all others.
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

// TestAttachedBothKinds checks that an attached stack refuses a function with
// HTTP and WebSocket routes, because it would drop the latter.
func TestAttachedBothKinds(t *testing.T) {
	t.Parallel()
	functions := more(fixture(), lambdas.Function{Name: "both", Routes: []string{"GET /both"}, SocketRoutes: []string{"say"}}).Functions
	err := checkDuties(functions, config{project: "x", AttachTo: "other/shared"})
	if err == nil || !strings.Contains(err.Error(), "function both has WebSocket routes and other work; a stack with x:attachTo does not deploy WebSocket routes: split the function") {
		t.Errorf("refused with %v", err)
	}
	if err := checkDuties(functions, config{}); err != nil {
		t.Error(err)
	}
}
