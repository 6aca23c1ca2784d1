package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"skiff/lambdas"
)

func TestSourcePattern(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ routes, want string }{
		{"GET /items", "GET/items"},
		{"PUT /items/{id}", "PUT/items/{id}"},
		{"ANY /items", "*/items"},
		{"$default", "$default"},
		{"GET /", "GET/"},
		{"GET /items, GET /items/{id}", "GET/items*"},
		{"GET /items, POST /items", "*/items"},
		{"PUT /items/{id}, DELETE /items/{id}", "*/items/{id}"},
		{"GET /a/list, GET /b/list", "GET/*/list"},
		{"GET /aa, GET /aaa", "GET/aa*"},
		{"GET /x/a/y, GET /x/b/y, GET /x/c/z", "GET/x/*"},
		{"GET /a, POST /b", "*/*"},
		{"GET /items, $default", "*"},
		{"$default, GET /items", "*"},
	} {
		if got := sourcePattern(strings.Split(test.routes, ", ")); got != test.want {
			t.Errorf("%s: %s, want %s", test.routes, got, test.want)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 301 {
		many = append(many, fmt.Sprintf("GET /%d", i))
	}
	fn := func(name string, routes ...string) lambdas.Function {
		return lambdas.Function{Name: name, Routes: routes}
	}
	for _, test := range []struct {
		functions []lambdas.Function
		want      string
	}{
		{[]lambdas.Function{fn("")}, `lambdas: function "": a name has 1 to 32 of a-z 0-9 -, and begins with a letter`},
		{[]lambdas.Function{fn("../x")}, `function "../x": a name has`},
		{[]lambdas.Function{fn("Get")}, `function "Get": a name has`},
		{[]lambdas.Function{fn(strings.Repeat("a", 33))}, "a name has"},
		{[]lambdas.Function{fn("a"), fn("a")}, "function a is declared twice"},
		{[]lambdas.Function{fn("a", "GET items")}, `function a: route "GET items" must be a method and a path, such as GET /items/{id}`},
		{[]lambdas.Function{fn("a", "get /items")}, `route "get /items" must be`},
		{[]lambdas.Function{fn("a", "GET  /items")}, `route "GET  /items" must be`},
		{[]lambdas.Function{fn("a", "TRACE /items")}, `route "TRACE /items" must be`},
		{[]lambdas.Function{fn("a", "GET /x"), fn("b", "GET /x")}, "route GET /x is declared by a and by b; a route has one function"},
		{[]lambdas.Function{fn("a", many...)}, "301 routes are declared, and an HTTP API has 300 at most"},
	} {
		rec, err := deployWith(t, test.functions, settingsOf(t, "staging"))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("refused with %v, want %s", err, test.want)
		}
		if len(rec.Resources) > 0 {
			t.Errorf("%s: resources were registered all the same", test.want)
		}
	}
}

// With auto-deploy the stage publishes by itself; without, it points at a
// deployment that changes with the routes.
func TestDeployment(t *testing.T) {
	t.Parallel()
	const deployment = "aws:apigatewayv2/deployment:Deployment"
	settings := settingsOf(t, "staging")
	settings["skiff:autoDeploy"] = "true"
	auto, err := deployWith(t, lambdas.Functions(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if stage := auto.Of(stageType)["api"]; len(auto.Of(deployment)) != 0 || stage.Inputs["autoDeploy"] != true || stage.Inputs["deploymentId"] != nil {
		t.Errorf("auto-deploy: %d deployments, stage %v", len(auto.Of(deployment)), stage.Inputs)
	}
	settings["skiff:autoDeploy"] = "false"
	trigger := func(functions []lambdas.Function) any {
		rec, err := deployWith(t, functions, settings)
		if err != nil {
			t.Fatal(err)
		}
		if got := rec.Of(stageType)["api"].Inputs["deploymentId"]; got != "deployment-id of api" {
			t.Errorf("the stage points at %v", got)
		}
		return nested(rec.Of(deployment)["api"], "triggers")["routes"]
	}
	whole, again := trigger(lambdas.Functions()), trigger(lambdas.Functions())
	if whole != again {
		t.Error("the trigger changes by itself")
	}
	more := lambdas.Functions()
	more[0].Routes = append(more[0].Routes, "POST /more")
	if trigger(more) == whole {
		t.Error("a new route keeps the trigger")
	}
	moved := lambdas.Functions()
	moved[0].Routes, moved[1].Routes = moved[1].Routes, moved[0].Routes
	if trigger(moved) == whole {
		t.Error("a route that goes to another function keeps the trigger")
	}
}

// The URL is one that requests are appended to, whatever the stage.
func TestOutputs(t *testing.T) {
	t.Parallel()
	rec := record(t, "staging")
	if got := rec.Outputs["apiUrl"]; got != "https://api.execute-api.mock.amazonaws.com" {
		t.Errorf("apiUrl %v", got)
	}
	names, _ := rec.Outputs["functionNames"].(map[string]any)
	for _, f := range lambdas.Functions() {
		if names[f.Name] != rec.Of(functionType)[f.Name].Outputs["name"] {
			t.Errorf("functionNames of %s: %v", f.Name, names[f.Name])
		}
	}
	if len(names) != len(lambdas.Functions()) {
		t.Errorf("functionNames %v", names)
	}
}

// The host's binaries run on the host; Lambda has its own names of processors.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"linux/arm64": "arm64", "linux/amd64": "x86_64",
		"host": map[string]string{"arm64": "arm64", "amd64": "x86_64"}[runtime.GOARCH],
	} {
		settings := settingsOf(t, "local")
		settings["skiff:target"] = target
		rec, err := deployWith(t, lambdas.Functions(), settings)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rec.Of(functionType)["health"].Inputs["architectures"]); got != "["+want+"]" {
			t.Errorf("%s: %s", target, got)
		}
	}
}

// A function without routes, such as a worker, has no part in the API.
func TestFunctionWithoutRoutes(t *testing.T) {
	t.Parallel()
	rec, err := deployWith(t, append(lambdas.Functions(), lambdas.Function{Name: "worker"}), settingsOf(t, "staging"))
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{integrationType, permissionType} {
		if _, ok := rec.Of(typ)["worker"]; ok {
			t.Errorf("worker has a %s", typ)
		}
	}
	if _, ok := rec.Of(functionType)["worker"]; !ok {
		t.Error("worker is not declared")
	}
}
