package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"skiff/internal/rehearsal"
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

// TestDeployment checks that with autoDeploy the stage publishes changes
// itself. Without it, the stage has a deployment that changes with the routes.
func TestDeployment(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	settings[own(settings, "autoDeploy")] = "true"
	auto, err := deployWith(t, fixture(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if stage := auto.Of(stageType)["api"]; len(auto.Of(deploymentType)) != 1 || stage.Inputs["autoDeploy"] != true || stage.Inputs["deploymentId"] != nil {
		t.Errorf("with autoDeploy: %d deployments, want only the WebSocket API's; stage %v", len(auto.Of(deploymentType)), stage.Inputs)
	}
	settings[own(settings, "autoDeploy")] = "false"
	triggers := func(s lambdas.Service) (api, sockets any) {
		rec, err := deployWith(t, s, settings)
		if err != nil {
			t.Fatal(err)
		}
		if got := rec.Of(stageType)["api"].Inputs["deploymentId"]; got != "deployment-id of api" {
			t.Errorf("the stage points at %v", got)
		}
		made := rec.Of(deploymentType)
		return nested(made["api"], "triggers")["routes"], nested(made["sockets"], "triggers")["routes"]
	}
	api, sockets := triggers(fixture())
	for name, test := range map[string]struct {
		change       func(of func(string) *lambdas.Function)
		api, sockets bool // whether the deployment changes
	}{
		"nothing": {func(func(string) *lambdas.Function) {}, false, false},
		"a new route": {func(of func(string) *lambdas.Function) {
			of("create-item").Routes = append(of("create-item").Routes, "POST /more")
		}, true, false},
		"a route goes to another function": {func(of func(string) *lambdas.Function) {
			of("create-item").Routes, of("get-item").Routes = of("get-item").Routes, of("create-item").Routes
		}, true, false},
		"a route becomes public": {func(of func(string) *lambdas.Function) {
			of("create-item").Routes, of("create-item").PublicRoutes = nil, of("create-item").Routes
		}, true, false},
		"a new WebSocket route": {func(of func(string) *lambdas.Function) {
			of("socket").SocketRoutes = append(of("socket").SocketRoutes, "say")
		}, false, true},
		"a WebSocket route of another function": {func(of func(string) *lambdas.Function) {
			of("create-item").SocketRoutes, of("socket").SocketRoutes = of("socket").SocketRoutes[2:], of("socket").SocketRoutes[:2]
		}, false, true},
	} {
		s := fixture()
		test.change(func(name string) *lambdas.Function { return find(t, s, name) })
		if a, b := triggers(s); (a != api) != test.api || (b != sockets) != test.sockets {
			t.Errorf("%s: the trigger of the HTTP API changes: %t, the trigger of the WebSocket API changes: %t", name, a != api, b != sockets)
		}
	}
}

// TestOutputs checks the URLs with and without stages, paths and domains.
func TestOutputs(t *testing.T) {
	t.Parallel()
	const api, sockets = "https://api.execute-api.mock.amazonaws.com", "wss://sockets.execute-api.mock.amazonaws.com/live"
	for name, test := range map[string]struct{ set, urls, socketURLs string }{
		"no domain":           {"domain= socketDomain= zone=", api, sockets},
		"a stage with a path": {"domain= socketDomain= zone= stage=v1", api + "/v1", sockets},
		"domains":             {"", "https://api.staging.example.com", "wss://ws.staging.example.com"},
		"not delegated":       {"delegated=false", api, sockets},
		"only for requests":   {"socketDomain= stage=v1", "https://api.staging.example.com", sockets},
		"several, with a path": {`additionalDomains=["*.staging.example.com"] basePath=v1/web`,
			"https://api.staging.example.com/v1/web https://*.staging.example.com/v1/web", "wss://ws.staging.example.com/v1/web"},
	} {
		settings := with(settingsOf(t, "staging"), strings.Fields(test.set)...)
		rec, err := deployWith(t, fixture(), settings)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rec.Outputs["urls"], rec.Outputs["socketUrls"]); got != fmt.Sprintf("[%s] [%s]", test.urls, test.socketURLs) {
			t.Errorf("%s: %s", name, got)
		}
		if first, _, _ := strings.Cut(test.urls, " "); rec.Outputs["apiUrl"] != first || rec.Outputs["socketUrl"] != test.socketURLs {
			t.Errorf("%s: apiUrl %v, socketUrl %v", name, rec.Outputs["apiUrl"], rec.Outputs["socketUrl"])
		}
		checkRules(t, fixture(), rec)
	}
	rec := record(t, "staging")
	if got := fmt.Sprint(rec.Outputs["secretNames"], rec.Outputs["zoneNameServers"]); got !=
		fmt.Sprintf("map[cursorKey:%s-mock-cursor-key-0000000 tokenKey:%[1]s-mock-token-key-0000000] [ns-1.mock.example ns-2.mock.example]", project(t)) {
		t.Errorf("secrets and name servers: %s", got)
	}
	names, _ := rec.Outputs["functionNames"].(map[string]any)
	for _, f := range fixture().Functions {
		if names[f.Name] != rec.Of(functionType)[f.Name].Outputs["name"] {
			t.Errorf("functionNames of %s: %v", f.Name, names[f.Name])
		}
	}
	if len(names) != len(fixture().Functions) {
		t.Errorf("functionNames %v", names)
	}
}

// TestArchitecture checks Lambda's name for the processor of each target.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"linux/arm64": "arm64", "linux/amd64": "x86_64",
		"host": map[string]string{"arm64": "arm64", "amd64": "x86_64"}[runtime.GOARCH],
	} {
		settings := settingsOf(t, "local")
		settings[own(settings, "target")] = target
		rec, err := deployWith(t, fixture(), settings)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rec.Of(functionType)["health"].Inputs["architectures"]); got != "["+want+"]" {
			t.Errorf("%s: %s", target, got)
		}
	}
}

// TestTargetOfTheCloud checks that the environment variable of a local cloud
// overrides the target in the settings.
func TestTargetOfTheCloud(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	c := cloud{caller: settings[own(settings, "account")]}
	rec, err := run(t, c, program{declared: fixture(), target: "linux/amd64"}, settings)
	if err != nil {
		t.Fatal(err)
	}
	health := rec.Of(functionType)["health"].Inputs
	if got := fmt.Sprint(health["architectures"], " ", health["code"]); got != "[x86_64] archive ../.build/linux-amd64/health.zip" {
		t.Errorf("health is %s", got)
	}
	rec, err = run(t, c, program{declared: fixture(), target: "moon"}, settings)
	if err == nil || !strings.Contains(err.Error(), rehearsal.TargetVariable+" must be") || len(rec.Resources) > 0 {
		t.Errorf("refused with %v, after %d resources", err, len(rec.Resources))
	}
}

// TestFunctionWithoutRoutes checks that a function without routes and events
// gets no integration, permission or event source.
func TestFunctionWithoutRoutes(t *testing.T) {
	t.Parallel()
	rec, err := deployWith(t, more(fixture(), lambdas.Function{Name: "worker"}), settingsOf(t, "staging"))
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{integrationType, permissionType, workerType} {
		if _, ok := rec.Of(typ)["worker"]; ok {
			t.Errorf("worker has a %s", typ)
		}
	}
	if _, ok := rec.Of(functionType)["worker"]; !ok {
		t.Error("worker is not declared")
	}
}
