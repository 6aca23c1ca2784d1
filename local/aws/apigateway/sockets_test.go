package apigateway

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

func socketAuthorizer(api string) AuthorizerInputs {
	return AuthorizerInputs{APIID: api, Name: "s", AuthorizerType: "REQUEST", AuthorizerURI: invokeARN, IdentitySources: []string{"route.request.querystring.token"}}
}

// declareSocket declares a WebSocket API with two routes, the authorizer IDz
// and the stage live.
func (p *plane) declareSocket(t *testing.T, id string) {
	t.Helper()
	must(t, declare(t, p, apis(p.APIs), id, apiURN("local", id), APIInputs{Name: id, ProtocolType: "WEBSOCKET", RouteSelectionExpression: "${request.body.action}"}))
	must(t, declare(t, p, integrations(p.APIs), id+"i", "", IntegrationInputs{APIID: id, IntegrationURI: invokeARN}))
	must(t, declare(t, p, authorizers(p.APIs), id+"z", "", socketAuthorizer(id)))
	must(t, declare(t, p, routes(p.APIs), id+"c", "", RouteInputs{APIID: id, RouteKey: "$connect", Target: "integrations/" + id + "i", AuthorizationType: "CUSTOM", AuthorizerID: id + "z"}))
	must(t, declare(t, p, routes(p.APIs), id+"d", "", RouteInputs{APIID: id, RouteKey: "$default"}))
	must(t, declare(t, p, deployments(p.APIs), id+"p", "", DeploymentInputs{APIID: id}))
	must(t, declare(t, p, stages(p.APIs), "live", "", StageInputs{APIID: id, Name: "live", DeploymentID: id + "p", StageVariables: map[string]string{"a": "b"}}))
}

func TestSocketChecks(t *testing.T) {
	t.Parallel()
	api := func(change func(*APIInputs)) []provider.Problem {
		in := APIInputs{ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.action"}
		change(&in)
		return checkAPI(in)
	}
	integration := func(change func(*IntegrationInputs)) []provider.Problem {
		in := IntegrationInputs{IntegrationType: "AWS_PROXY", IntegrationURI: invokeARN, TimeoutMilliseconds: 29000}
		change(&in)
		return checkIntegration(in, "WEBSOCKET")
	}
	route := func(key string) []provider.Problem { return checkRoute(RouteInputs{RouteKey: key}, "WEBSOCKET") }
	stage := func(in StageInputs) []provider.Problem { return checkStage(in, "WEBSOCKET") }
	logged := settingsOf(1, 1)
	logged.LoggingLevel, logged.DataTraceEnabled = "INFO", true
	loud := settingsOf(1, 1)
	loud.LoggingLevel = "DEBUG"
	traced := settingsOf(1, 1)
	traced.DataTraceEnabled = true
	tests := []struct {
		name     string
		problems []provider.Problem
		want     string
	}{
		{"API", api(func(*APIInputs) {}), ""},
		{"braces", api(func(in *APIInputs) { in.RouteSelectionExpression = "${request.body.action}" }), ""},
		{"nested member", api(func(in *APIInputs) { in.RouteSelectionExpression = "$request.body.a.b" }), ""},
		{"open brace", api(func(in *APIInputs) { in.RouteSelectionExpression = "${request.body.a" }), "routeSelectionExpression"},
		{"selection not known yet", api(func(in *APIInputs) { in.RouteSelectionExpression = "" }), ""},
		{"selection of HTTP", api(func(in *APIInputs) { in.RouteSelectionExpression = httpSelection }), "routeSelectionExpression"},
		{"CORS", api(func(in *APIInputs) { in.CORSConfiguration = &CORSInputs{} }), "corsConfiguration"},
		{"addresses", api(func(in *APIInputs) { in.IPAddressType = "ipv6" }), "ipAddressType"},

		{"integration", integration(func(*IntegrationInputs) {}), ""},
		{"payload 1.0", integration(func(in *IntegrationInputs) { in.PayloadFormatVersion = "1.0" }), ""},
		{"payload 2.0", integration(func(in *IntegrationInputs) { in.PayloadFormatVersion = "2.0" }), "payloadFormatVersion"},
		{"long timeout", integration(func(in *IntegrationInputs) { in.TimeoutMilliseconds = 29001 }), "timeoutMilliseconds"},
		{"function's ARN", integration(func(in *IntegrationInputs) { in.IntegrationURI = functionARN }), "integrationUri"},
		{"payload of an API not known yet", checkIntegration(IntegrationInputs{}, ""), ""},
		{"unknown payload format of one", checkIntegration(IntegrationInputs{PayloadFormatVersion: "3.0"}, ""), "payloadFormatVersion"},

		{"$connect", route("$connect"), ""},
		{"$disconnect", route("$disconnect"), ""},
		{"$default", route("$default"), ""},
		{"action", route("send-message"), ""},
		{"HTTP key", route("GET /items"), "routeKey"},
		{"unknown $", route("$message"), "routeKey"},
		{"socket key of HTTP", checkRoute(RouteInputs{RouteKey: "$connect"}, "HTTP"), "routeKey"},
		{"socket key of an API not known yet", checkRoute(RouteInputs{RouteKey: "$connect"}, ""), ""},
		{"neither key", checkRoute(RouteInputs{RouteKey: "get /items"}, ""), "routeKey"},

		{"stage", stage(StageInputs{Name: "live", DefaultRouteSettings: logged}), ""},
		{"$default stage", stage(StageInputs{Name: "$default"}), "name"},
		{"auto-deploy", stage(StageInputs{Name: "live", AutoDeploy: true}), "autoDeploy"},
		{"loud logs", stage(StageInputs{Name: "live", DefaultRouteSettings: loud}), "defaultRouteSettings.loggingLevel"},
		{"logs of HTTP", checkStage(StageInputs{RouteSettings: []RouteSetting{{RouteKey: "GET /", ThrottlingBurstLimit: logged.ThrottlingBurstLimit, ThrottlingRateLimit: logged.ThrottlingRateLimit, LoggingLevel: "ERROR"}}}, "HTTP"), "routeSettings[0].loggingLevel"},
		{"traces of HTTP", checkStage(StageInputs{DefaultRouteSettings: traced}, "HTTP"), "defaultRouteSettings.dataTraceEnabled"},
		{"access log", stage(StageInputs{AccessLogSettings: &AccessLogInputs{Format: "$context.requestId $context.connectionId $context.authorizer.principalId"}}), ""},
		{"HTTP variable", stage(StageInputs{AccessLogSettings: &AccessLogInputs{Format: "$context.requestId $context.httpMethod"}}), "accessLogSettings.format"},
		{"socket variable of HTTP", checkStage(StageInputs{AccessLogSettings: &AccessLogInputs{Format: "$context.requestId $context.connectionId"}}, "HTTP"), "accessLogSettings.format"},
		{"either's variable", checkStage(StageInputs{AccessLogSettings: &AccessLogInputs{Format: "$context.requestId $context.connectionId $context.httpMethod"}}, ""), ""},
	}
	for _, test := range tests {
		wantProblem(t, test.name, test.problems, test.want)
	}
	p := newPlane(t)
	wantFailure(t, "no selection", declare(t, p, apis(p.APIs), "x", "", APIInputs{ProtocolType: "WEBSOCKET"}), "BadRequestException: a WebSocket API needs a routeSelectionExpression")
	p.declareSocket(t, "s")
	r, err := p.api("s")
	must(t, err)
	r.Inputs.RouteSelectionExpression = ""
	wantFailure(t, "selection taken away", apis(p.APIs).Update(t.Context(), provider.Call{}, r, &r), "needs a routeSelectionExpression")
	// The resource types find the API's protocol themselves.
	wantProblem(t, "integration", integrations(p.APIs).Check(IntegrationInputs{APIID: "s", PayloadFormatVersion: "2.0"}), "payloadFormatVersion")
	wantProblem(t, "route", routes(p.APIs).Check(RouteInputs{APIID: "s", RouteKey: "GET /"}), "routeKey")
	wantProblem(t, "stage", stages(p.APIs).Check(StageInputs{APIID: "s", Name: "$default"}), "name")
	wantProblem(t, "authorizer", authorizers(p.APIs).Check(jwtAuthorizer("s")), "authorizerType")
}

func TestFindSocket(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareSocket(t, "sock")
	p.declareAPI(t, "a")
	must(t, declare(t, p, stages(p.APIs), "live", "", StageInputs{APIID: "a", Name: "live", AutoDeploy: true}))
	p.declareDomain(t, "ws.example.com")
	p.declareDomain(t, "root.example.com")
	p.declareDomain(t, "none.example.com")
	must(t, declare(t, p, mappings(p.APIs), "m1", "", MappingInputs{APIID: "sock", DomainName: "ws.example.com", Stage: "live", Key: "v1"}))
	must(t, declare(t, p, mappings(p.APIs), "m2", "", MappingInputs{APIID: "sock", DomainName: "root.example.com", Stage: "live"}))
	const local, host = "127.0.0.1:8080", "sock.execute-api.eu-west-1.amazonaws.com"
	for _, test := range []struct {
		host, target string
		ok           bool
		rest         string
		http         error // the HTTP gateway's error for the same request
	}{
		{local, "/_apis/sock/live", true, "", httpapi.ErrForbidden},
		{local, "/_apis/sock/live/", true, "", httpapi.ErrForbidden},
		{local, "/_apis/sock/live?token=x", true, "", httpapi.ErrForbidden},
		{local, "/_apis/sock/live/@connections/abc%3D", true, "/@connections/abc=", httpapi.ErrForbidden},
		{local, "/_apis/sock/live/@connections/a%2Fb=", true, "/@connections/a/b=", httpapi.ErrForbidden},
		{local, "/_apis/sock/dead", false, "", httpapi.ErrForbidden},
		{local, "/_apis/sock", false, "", httpapi.ErrForbidden},
		{local, "/_apis/a/live", false, "", nil},
		{local, "/_apis/none/live", false, "", httpapi.ErrNotFound},
		{local, "/live", false, "", nil}, // the root is for HTTP APIs
		{host, "/live", true, "", httpapi.ErrForbidden},
		{host + ":443", "/live/@connections/abc=", true, "/@connections/abc=", httpapi.ErrForbidden},
		{"sock.execute-api.eu-west-1.localhost:8080", "/live/@connections/abc=", true, "/@connections/abc=", httpapi.ErrForbidden}, // as in events
		{"ws.example.com", "/v1", true, "", httpapi.ErrForbidden},
		{"WS.example.com:8080", "/v1/@connections/abc=", true, "/@connections/abc=", httpapi.ErrForbidden},
		{"ws.example.com", "/live", false, "", httpapi.ErrForbidden},
		{"root.example.com", "/", true, "", httpapi.ErrForbidden},
		{"root.example.com", "/@connections/abc=", true, "/@connections/abc=", httpapi.ErrForbidden},
		{"none.example.com", "/", false, "", httpapi.ErrForbidden},
	} {
		r := httptest.NewRequest(http.MethodGet, test.target, nil)
		r.Host = test.host
		found, err := p.FindSocket(r)
		if (err == nil) != test.ok || err == nil && (found.Rest != test.rest || found.Stage.APIID != "sock" || found.Stage.Name != "live") {
			t.Errorf("%s on %s: %v %v", test.target, test.host, found, err)
		}
		if _, err := p.FindHTTP(r); !errors.Is(err, test.http) {
			t.Errorf("%s on %s: the HTTP gateway finds %v, want %v", test.target, test.host, err, test.http)
		}
	}
}

// TestSocketStage checks that a stage serves what its deployment has frozen.
func TestSocketStage(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareSocket(t, "sock")
	must(t, declare(t, p, integrations(p.APIs), "socki", "", IntegrationInputs{APIID: "sock", IntegrationURI: invokeARN, TimeoutMilliseconds: 5000}))
	must(t, declare(t, p, deployments(p.APIs), "later", "", DeploymentInputs{APIID: "sock"}))
	must(t, declare(t, p, stages(p.APIs), "next", "", StageInputs{APIID: "sock", Name: "next", DeploymentID: "later"}))
	for name, timeout := range map[string]time.Duration{"live": 29 * time.Second, "next": 5 * time.Second} {
		got, err := p.FindSocket(httptest.NewRequest(http.MethodGet, gatewayURL+"/_apis/sock/"+name, nil))
		want := websocket.Stage{
			APIID: "sock", AccountID: "111111111111", Region: "eu-west-1", Name: name, SelectionExpression: "$request.body.action",
			Endpoint: "ws://127.0.0.1:8080/_apis/sock/" + name,
			Routes: map[string]websocket.Route{
				"$connect": {Key: "$connect", FunctionARN: functionARN, Timeout: timeout, Authorizer: &websocket.Authorizer{
					ID: "sockz", FunctionARN: functionARN, IdentitySources: []string{"route.request.querystring.token"},
				}},
				"$default": {Key: "$default", Timeout: 29 * time.Second},
			},
		}
		if name == "live" {
			want.Variables = map[string]string{"a": "b"}
		}
		if diff := cmp.Diff(websocket.Target{Stage: want}, got); err != nil || diff != "" {
			t.Errorf("stage %s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if all, err := p.Stages(); err != nil || len(all) != 0 {
		t.Errorf("the HTTP gateway serves %v, %v", all, err)
	}
}

func TestSocketOutputs(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareSocket(t, "sock")
	if id := p.rootID(); id != "" {
		t.Errorf("the root is %s, a WebSocket API", id)
	}
	p.declareAPI(t, "a") // it is the first HTTP API, and stays at the root
	p.declareAPI(t, "b")
	api, err := p.api("sock")
	must(t, err)
	want := APIOutputs{
		APIEndpoint: "ws://127.0.0.1:8080/_apis/sock", ARN: "arn:aws:apigateway:eu-west-1::/apis/sock",
		ExecutionARN: "arn:aws:execute-api:eu-west-1:111111111111:sock", IPAddressType: "ipv4", RouteSelectionExpression: "${request.body.action}",
	}
	if diff := cmp.Diff(want, apis(p.APIs).Describe(api)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if url := p.describeStage(store.Record[StageInputs]{ID: "live", Inputs: StageInputs{APIID: "sock"}}).InvokeURL; url != "ws://127.0.0.1:8080/_apis/sock/live" {
		t.Errorf("the stage is at %s", url)
	}
	if id := p.rootID(); id != "a" {
		t.Errorf("the root is %s", id)
	}
	p.base = "https://localhost:8443"
	if out := apis(p.APIs).Describe(api); !strings.HasPrefix(out.APIEndpoint, "wss://localhost:8443/") {
		t.Errorf("behind TLS it is at %s", out.APIEndpoint)
	}
	i := integrations(p.APIs).Describe(store.Record[IntegrationInputs]{Inputs: IntegrationInputs{APIID: "sock"}})
	if i.PayloadFormatVersion != "1.0" || i.TimeoutMilliseconds != 29000 {
		t.Errorf("integration %+v", i)
	}
	i = integrations(p.APIs).Describe(store.Record[IntegrationInputs]{Inputs: IntegrationInputs{APIID: "a"}})
	if i.PayloadFormatVersion != "2.0" || i.TimeoutMilliseconds != 30000 {
		t.Errorf("integration %+v", i)
	}
}
