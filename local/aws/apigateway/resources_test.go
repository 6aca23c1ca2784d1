package apigateway

import (
	"strings"
	"testing"
	"time"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	api := func(change func(*APIInputs)) []provider.Problem {
		in := APIInputs{ProtocolType: "HTTP", CORSConfiguration: &CORSInputs{AllowOrigins: []string{"*"}, MaxAge: 86400}}
		change(&in)
		return checkAPI(in)
	}
	integration := func(change func(*IntegrationInputs)) []provider.Problem {
		in := IntegrationInputs{IntegrationType: "AWS_PROXY", IntegrationURI: functionARN, PayloadFormatVersion: "2.0", TimeoutMilliseconds: 30000}
		change(&in)
		return checkIntegration(in, protocolHTTP)
	}
	route := func(key string) []provider.Problem { return checkRoute(RouteInputs{RouteKey: key}, protocolHTTP) }
	tests := []struct {
		name     string
		problems []provider.Problem
		want     string // the property, "" if none is refused
	}{
		{"API", api(func(*APIInputs) {}), ""},
		{"protocol", api(func(in *APIInputs) { in.ProtocolType = "SOCKET" }), "protocolType"},
		{"long name", api(func(in *APIInputs) { in.Name = strings.Repeat("é", 129) }), "name"},
		{"long description", api(func(in *APIInputs) { in.Description = strings.Repeat("é", 1025) }), "description"},
		{"selection", api(func(in *APIInputs) { in.RouteSelectionExpression = "$request.body.action" }), "routeSelectionExpression"},
		{"credentials for all", api(func(in *APIInputs) { in.CORSConfiguration.AllowCredentials = true }), "corsConfiguration.allowOrigins"},
		{"CORS age", api(func(in *APIInputs) { in.CORSConfiguration.MaxAge = 86401 }), "corsConfiguration.maxAge"},

		{"integration", integration(func(*IntegrationInputs) {}), ""},
		{"invoke ARN", integration(func(in *IntegrationInputs) {
			in.IntegrationURI = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + functionARN + "/invocations"
		}), ""},
		{"not known yet", integration(func(in *IntegrationInputs) { in.IntegrationURI, in.TimeoutMilliseconds = "", 0 }), ""},
		{"HTTP proxy", integration(func(in *IntegrationInputs) { in.IntegrationType = "HTTP_PROXY" }), "integrationType"},
		{"private link", integration(func(in *IntegrationInputs) { in.ConnectionType = "VPC_LINK" }), "connectionType"},
		{"payload 1.0", integration(func(in *IntegrationInputs) { in.PayloadFormatVersion = "1.0" }), "payloadFormatVersion"},
		{"payload left out", integration(func(in *IntegrationInputs) { in.PayloadFormatVersion = "" }), "payloadFormatVersion"},
		{"short timeout", integration(func(in *IntegrationInputs) { in.TimeoutMilliseconds = 49 }), "timeoutMilliseconds"},
		{"long timeout", integration(func(in *IntegrationInputs) { in.TimeoutMilliseconds = 30001 }), "timeoutMilliseconds"},
		{"no function", integration(func(in *IntegrationInputs) { in.IntegrationURI = "https://example.com" }), "integrationUri"},

		{"route", route("GET /items/{id}"), ""},
		{"default route", route("$default"), ""},
		{"root", route("ANY /"), ""},
		{"greedy", route("ANY /a/{proxy+}"), ""},
		{"no method", route("/items"), "routeKey"},
		{"lower case", route("get /items"), "routeKey"},
		{"two blanks", route("GET  /items"), "routeKey"},
		{"no slash", route("GET items"), "routeKey"},
		{"greedy before the end", route("GET /{proxy+}/a"), "routeKey"},
		{"variable in a segment", route("GET /a-{id}"), "routeKey"},
		{"open variable", route("GET /{id"), "routeKey"},
		{"no name", route("GET /{}"), "routeKey"},
		{"variable twice", route("GET /{id}/{id}"), "routeKey"},
		{"target", checkRoute(RouteInputs{Target: "i"}, protocolHTTP), "target"},

		{"stage", checkStage(StageInputs{Name: "$default", AutoDeploy: true}, protocolHTTP), ""},
		{"stage's name", checkStage(StageInputs{Name: "a.b"}, protocolHTTP), "name"},
		{"access log", checkStage(StageInputs{AccessLogSettings: &AccessLogInputs{"arn:aws:logs:eu-west-1:111111111111:log-group:/a:*", "$context.requestId"}}, protocolHTTP), ""},
		{"access log not known yet", checkStage(StageInputs{AccessLogSettings: &AccessLogInputs{}}, protocolHTTP), ""},
		{"destination", checkStage(StageInputs{AccessLogSettings: &AccessLogInputs{DestinationARN: "arn:aws:firehose:eu-west-1:111111111111:deliverystream/a"}}, protocolHTTP), "accessLogSettings.destinationArn"},
		{"format", checkStage(StageInputs{AccessLogSettings: &AccessLogInputs{Format: "$context.requestId $context.nothing"}}, protocolHTTP), "accessLogSettings.format"},
		{"limits", checkStage(StageInputs{DefaultRouteSettings: settingsOf(0, 0), RouteSettings: []RouteSetting{settingOf("GET /a", 0.5, 1), settingOf("GET /b", 20000, 20000)}}, protocolHTTP), ""},
		{"negative burst", checkStage(StageInputs{DefaultRouteSettings: settingsOf(1, -1)}, protocolHTTP), "defaultRouteSettings.throttlingBurstLimit"},
		{"negative rate", checkStage(StageInputs{RouteSettings: []RouteSetting{settingOf("GET /a", -0.5, 1)}}, protocolHTTP), "routeSettings[0].throttlingRateLimit"},
		{"settings twice", checkStage(StageInputs{RouteSettings: []RouteSetting{settingOf("GET /a", 1, 1), settingOf("GET /a", 2, 2)}}, protocolHTTP), "routeSettings[1].routeKey"},
		{"both deployments", checkStage(StageInputs{AutoDeploy: true, DeploymentID: "d"}, protocolHTTP), "deploymentId"},
	}
	for _, test := range tests {
		if test.want == "" && len(test.problems) > 0 || test.want != "" && (len(test.problems) != 1 || test.problems[0].Property != test.want) {
			t.Errorf("%s: problems %v, want %q", test.name, test.problems, test.want)
		}
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareAPI(t, "b")
	must(t, declare(t, p, deployments(p.APIs), "d", "", DeploymentInputs{APIID: "b"}))
	must(t, declare(t, p, routes(p.APIs), "v", "", RouteInputs{APIID: "a", RouteKey: "GET /items/{id}"}))
	route := func(api, key, target string) error {
		return declare(t, p, routes(p.APIs), "new", "", RouteInputs{APIID: api, RouteKey: key, Target: target})
	}
	stage := func(api, deployment string) error {
		return declare(t, p, stages(p.APIs), "s", "", StageInputs{APIID: api, Name: "s", DeploymentID: deployment})
	}
	wantFailure(t, "integration of a missing API", declare(t, p, integrations(p.APIs), "x", "", IntegrationInputs{APIID: "none"}), "NotFoundException: API none")
	wantFailure(t, "route of a missing API", route("none", "GET /x", ""), "NotFoundException: API none")
	wantFailure(t, "route twice", route("a", "GET /items", ""), "ConflictException: the API has a route GET /items already")
	wantFailure(t, "route of another variable", route("a", "GET /items/{name}", ""), "ConflictException: the API has a route GET /items/{id} already")
	wantFailure(t, "another API's integration", route("a", "GET /x", "integrations/bi"), "BadRequestException: the API has no integration bi, which the route GET /x targets")
	wantFailure(t, "no integration", route("a", "GET /x", "integrations/none"), "has no integration none")
	wantFailure(t, "deployment of a missing API", declare(t, p, deployments(p.APIs), "x", "", DeploymentInputs{APIID: "none"}), "NotFoundException: API none")
	wantFailure(t, "stage of a missing API", stage("none", ""), "NotFoundException: API none")
	wantFailure(t, "stage of a missing deployment", stage("a", "none"), "the API a has no deployment none")
	wantFailure(t, "stage of another API's deployment", stage("a", "d"), "the API a has no deployment d")
	must(t, route("a", "ANY /items", "")) // another method
	update := func(key string) error {
		r, err := store.Get[RouteInputs](p.db, RouteToken, "new")
		must(t, err)
		old := r
		r.Inputs.RouteKey = key
		return routes(p.APIs).Update(t.Context(), provider.Call{}, old, &r)
	}
	wantFailure(t, "update to an existing route", update("GET /items"), "ConflictException: the API has a route GET /items already")
	wantFailure(t, "update to another variable of an existing route", update("GET /items/{name}"), "ConflictException: the API has a route GET /items/{id} already")
	must(t, update("ANY /things/{id}"))
	v, err := store.Get[RouteInputs](p.db, RouteToken, "v")
	must(t, err)
	renamed := v
	renamed.Inputs.RouteKey = "GET /items/{name}"
	must(t, routes(p.APIs).Update(t.Context(), provider.Call{}, v, &renamed)) // only its own variable
	must(t, route("b", "GET /items/{id}", "integrations/bi"))

	must(t, declare(t, p, apis(p.APIs), "empty", "", APIInputs{}))
	wantFailure(t, "deployment without a route", declare(t, p, deployments(p.APIs), "x", "", DeploymentInputs{APIID: "empty"}), "at least one route is required")
}

func TestConflictsOfDeletes(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	must(t, declare(t, p, deployments(p.APIs), "d", "", DeploymentInputs{APIID: "a"}))
	must(t, declare(t, p, stages(p.APIs), "s", "", StageInputs{APIID: "a", Name: "s", DeploymentID: "d"}))
	integration := store.Record[IntegrationInputs]{ID: "ai", Inputs: IntegrationInputs{APIID: "a"}}
	wantFailure(t, "integration with a route", p.deleteIntegration(t.Context(), provider.Call{}, integration), "ConflictException: cannot delete integration ai: the route GET /items refers to it")
	must(t, store.Delete(p.db, RouteToken, "ar"))
	must(t, p.deleteIntegration(t.Context(), provider.Call{}, integration))
	deployment := store.Record[DeploymentInputs]{ID: "d", Inputs: DeploymentInputs{APIID: "a"}}
	wantFailure(t, "deployment with a stage", p.deleteDeployment(t.Context(), provider.Call{}, deployment), "the stage s points to deployment d")
	must(t, store.Delete(p.db, StageToken, "a/s"))
	must(t, p.deleteDeployment(t.Context(), provider.Call{}, deployment))
}

// TestDeleteAPI deletes an API with everything in it, and nothing of another
// API.
func TestDeleteAPI(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	for _, id := range []string{"a", "b"} {
		p.declareAPI(t, id)
		must(t, declare(t, p, deployments(p.APIs), id+"d", "", DeploymentInputs{APIID: id}))
		must(t, declare(t, p, stages(p.APIs), "s", "", StageInputs{APIID: id, Name: "s", AutoDeploy: true}))
	}
	must(t, p.deleteAPI(t.Context(), provider.Call{}, store.Record[APIInputs]{ID: "a"}))
	must(t, store.Delete(p.db, APIToken, "a"))
	if got := p.keys(t, "b"); got["s"] != "GET /items" {
		t.Errorf("the other API serves %v", got)
	}
	held, err := p.db.Count()
	must(t, err)
	for token, n := range held {
		if n != 1 {
			t.Errorf("%d records of %s, want the other API's one", n, token)
		}
	}
}

func TestDeployments(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	must(t, declare(t, p, deployments(p.APIs), "d1", "", DeploymentInputs{APIID: "a"}))
	stage := func(name, deployment string, auto bool) {
		t.Helper()
		must(t, declare(t, p, stages(p.APIs), name, "", StageInputs{APIID: "a", Name: name, DeploymentID: deployment, AutoDeploy: auto}))
	}
	stage("auto", "", true)
	stage("frozen", "d1", false)
	stage("bare", "", false)
	want := func(auto, frozen string) {
		t.Helper()
		if got := p.keys(t, "a"); got["auto"] != auto || got["frozen"] != frozen || got["bare"] != "" || len(got) != 3 {
			t.Errorf("stages serve %v, want %q and %q", got, auto, frozen)
		}
	}
	want("GET /items", "GET /items")
	must(t, declare(t, p, routes(p.APIs), "r2", "", RouteInputs{APIID: "a", RouteKey: "PUT /items", Target: "integrations/ai"}))
	want("GET /items,PUT /items", "GET /items")
	must(t, declare(t, p, deployments(p.APIs), "d2", "", DeploymentInputs{APIID: "a"}))
	want("GET /items,PUT /items", "GET /items")
	stage("frozen", "d2", false)
	want("GET /items,PUT /items", "GET /items,PUT /items")
	// A deployment freezes the integrations and authorizers of its routes, too.
	must(t, declare(t, p, integrations(p.APIs), "ai", "", IntegrationInputs{APIID: "a", IntegrationURI: functionARN + "2"}))
	stages, err := p.Stages()
	must(t, err)
	for _, s := range stages["a"] {
		for _, r := range s.Routes {
			if changed := r.Integration.FunctionARN == functionARN+"2"; changed != (s.Name == "auto") {
				t.Errorf("stage %s leads to %s", s.Name, r.Integration.FunctionARN)
			}
			if s.Name == "frozen" && r.Integration.Timeout != 5*time.Second {
				t.Errorf("a frozen route has the timeout %s", r.Integration.Timeout)
			}
		}
	}
}

func TestDescribeStage(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	out := p.describeStage(store.Record[StageInputs]{ID: "prod", Region: "eu-west-1", Inputs: StageInputs{APIID: "a"}})
	if out.ExecutionARN != "arn:aws:execute-api:eu-west-1:111111111111:a/prod" || out.ARN != "arn:aws:apigateway:eu-west-1::/apis/a/stages/prod" {
		t.Errorf("described as %+v", out)
	}
}
