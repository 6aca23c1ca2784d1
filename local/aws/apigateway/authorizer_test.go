package apigateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const issuerURL = "https://issuer.example/pool"

const (
	invokeARN = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + functionARN + "/invocations"
	header    = "$request.header.Authorization"
)

// requestAuthorizer returns a valid Lambda authorizer of an HTTP API.
func requestAuthorizer(api string) AuthorizerInputs {
	return AuthorizerInputs{
		APIID: api, Name: "a", AuthorizerType: "REQUEST", AuthorizerURI: invokeARN, PayloadFormatVersion: "2.0",
		EnableSimpleResponse: true, IdentitySources: []string{header},
	}
}

func jwtAuthorizer(api string) AuthorizerInputs {
	return AuthorizerInputs{
		APIID: api, Name: "j", AuthorizerType: "JWT", IdentitySources: []string{header},
		JWTConfiguration: &JWTConfiguration{Issuer: issuerURL, Audiences: []string{"items"}},
	}
}

// wantProblem checks that one property, or none, is refused.
func wantProblem(t *testing.T, name string, problems []provider.Problem, want string) {
	t.Helper()
	if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || problems[0].Property != want) {
		t.Errorf("%s: problems %v, want %q", name, problems, want)
	}
}

func TestCheckAuthorizer(t *testing.T) {
	t.Parallel()
	seconds := func(n int) *int { return &n }
	many := make([]string, 51)
	for _, test := range []struct {
		name, protocol string
		in             AuthorizerInputs
		change         func(*AuthorizerInputs)
		want           string
	}{
		{"function", "HTTP", requestAuthorizer(""), nil, ""},
		{"function of an API not known yet", "", requestAuthorizer(""), nil, ""},
		{"nothing known yet", "", AuthorizerInputs{}, nil, ""},
		{"long name", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.Name = strings.Repeat("é", 129) }, "name"},
		{"type", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.AuthorizerType = "TOKEN" }, "authorizerType"},
		{"function's ARN", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.AuthorizerURI = functionARN }, "authorizerUri"},
		{"payload 1.0", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.PayloadFormatVersion, in.EnableSimpleResponse = "1.0", false }, "authorizerPayloadFormatVersion"},
		{"payload 3.0", "", requestAuthorizer(""), func(in *AuthorizerInputs) { in.PayloadFormatVersion = "3.0" }, "authorizerPayloadFormatVersion"},
		{"simple of 1.0", "", requestAuthorizer(""), func(in *AuthorizerInputs) { in.PayloadFormatVersion = "1.0" }, "enableSimpleResponses"},
		{"longest time", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.ResultTTLInSeconds = seconds(3600) }, ""},
		{"long time", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.ResultTTLInSeconds = seconds(3601) }, "authorizerResultTtlInSeconds"},
		{"negative time", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.ResultTTLInSeconds = seconds(-1) }, "authorizerResultTtlInSeconds"},
		{"sources", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) {
			in.IdentitySources = []string{header, "$request.querystring.a", "$stageVariables.b", "$context.routeKey", "$context.identity.sourceIp"}
		}, ""},
		{"source of a socket", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.IdentitySources = []string{"route.request.header.a"} }, "identitySources[0]"},
		{"body", "", requestAuthorizer(""), func(in *AuthorizerInputs) { in.IdentitySources = []string{header, "$request.body.a"} }, "identitySources[1]"},
		{"later variable", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.IdentitySources = []string{"$context.status"} }, "identitySources[0]"},
		{"source twice", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.IdentitySources = []string{header, header} }, "identitySources[1]"},
		{"JWT settings of a function", "HTTP", requestAuthorizer(""), func(in *AuthorizerInputs) { in.JWTConfiguration = &JWTConfiguration{} }, "jwtConfiguration"},

		{"JWT", "HTTP", jwtAuthorizer(""), nil, ""},
		{"JWT, issuer not known yet", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.JWTConfiguration = &JWTConfiguration{} }, ""},
		{"JWT of a socket", "WEBSOCKET", jwtAuthorizer(""), nil, "authorizerType"},
		{"JWT with a function", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.AuthorizerURI = invokeARN }, "authorizerUri"},
		{"JWT with a payload", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.PayloadFormatVersion = "2.0" }, "authorizerPayloadFormatVersion"},
		{"JWT with a time", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.ResultTTLInSeconds = seconds(1) }, "authorizerResultTtlInSeconds"},
		{"JWT with simple responses", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.EnableSimpleResponse = true }, "enableSimpleResponses"},
		{"two sources", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.IdentitySources = []string{header, "$request.querystring.t"} }, "identitySources"},
		{"token in the context", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.IdentitySources = []string{"$context.routeKey"} }, "identitySources[0]"},
		{"http issuer", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.JWTConfiguration.Issuer = "http://issuer.example" }, "jwtConfiguration.issuer"},
		{"issuer is no URL", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.JWTConfiguration.Issuer = "issuer.example" }, "jwtConfiguration.issuer"},
		{"many audiences", "HTTP", jwtAuthorizer(""), func(in *AuthorizerInputs) { in.JWTConfiguration.Audiences = many }, "jwtConfiguration.audiences"},

		{"socket", "WEBSOCKET", socketAuthorizer(""), nil, ""},
		{"socket, 1.0", "WEBSOCKET", socketAuthorizer(""), func(in *AuthorizerInputs) { in.PayloadFormatVersion = "1.0" }, ""},
		{"socket, 2.0", "WEBSOCKET", socketAuthorizer(""), func(in *AuthorizerInputs) { in.PayloadFormatVersion = "2.0" }, "authorizerPayloadFormatVersion"},
		{"socket, simple", "WEBSOCKET", socketAuthorizer(""), func(in *AuthorizerInputs) { in.EnableSimpleResponse = true }, "enableSimpleResponses"},
		{"socket, kept", "WEBSOCKET", socketAuthorizer(""), func(in *AuthorizerInputs) { in.ResultTTLInSeconds = seconds(1) }, "authorizerResultTtlInSeconds"},
		{"socket, HTTP source", "WEBSOCKET", socketAuthorizer(""), func(in *AuthorizerInputs) { in.IdentitySources = []string{header} }, "identitySources[0]"},
	} {
		if test.change != nil {
			test.change(&test.in)
		}
		wantProblem(t, test.name, checkAuthorizer(test.in, test.protocol), test.want)
	}
}

func TestCheckRouteAuthorization(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, protocol string
		in             RouteInputs
		want           string
	}{
		{"open", "HTTP", RouteInputs{AuthorizationType: "NONE"}, ""},
		{"function", "HTTP", RouteInputs{AuthorizationType: "CUSTOM", AuthorizerID: "a"}, ""},
		{"function not known yet", "HTTP", RouteInputs{AuthorizationType: "CUSTOM"}, ""},
		{"JWT", "HTTP", RouteInputs{AuthorizationType: "JWT", AuthorizerID: "a", AuthorizationScopes: []string{"items.read"}}, ""},
		{"IAM", "HTTP", RouteInputs{AuthorizationType: "AWS_IAM"}, "authorizationType"},
		{"unknown type", "HTTP", RouteInputs{AuthorizationType: "custom"}, "authorizationType"},
		{"open with an authorizer", "HTTP", RouteInputs{AuthorizerID: "a"}, "authorizerId"},
		{"scopes of a function", "HTTP", RouteInputs{AuthorizationType: "CUSTOM", AuthorizationScopes: []string{"a"}}, "authorizationScopes"},
		{"many scopes", "HTTP", RouteInputs{AuthorizationType: "JWT", AuthorizationScopes: strings.Split("abcdefghijk", "")}, "authorizationScopes"},
		{"two scopes in one", "HTTP", RouteInputs{AuthorizationType: "JWT", AuthorizationScopes: []string{"a b"}}, "authorizationScopes[0]"},
		{"long scope", "HTTP", RouteInputs{AuthorizationType: "JWT", AuthorizationScopes: []string{strings.Repeat("a", 65)}}, "authorizationScopes[0]"},
		{"empty scope", "HTTP", RouteInputs{AuthorizationType: "JWT", AuthorizationScopes: []string{""}}, "authorizationScopes[0]"},
		{"socket", "WEBSOCKET", RouteInputs{RouteKey: "$connect", AuthorizationType: "CUSTOM"}, ""},
		{"socket message", "WEBSOCKET", RouteInputs{RouteKey: "$default", AuthorizationType: "CUSTOM"}, "authorizationType"},
		{"socket JWT", "WEBSOCKET", RouteInputs{RouteKey: "$connect", AuthorizationType: "JWT"}, "authorizationType"},
	} {
		wantProblem(t, test.name, checkRoute(test.in, test.protocol), test.want)
	}
}

func TestAuthorizerReferences(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareAPI(t, "b")
	authorizer := func(id string, in AuthorizerInputs, change func(*AuthorizerInputs)) error {
		if change != nil {
			change(&in)
		}
		return declare(t, p, authorizers(p.APIs), id, "", in)
	}
	route := func(kind, id string) error {
		return declare(t, p, routes(p.APIs), "new", "", RouteInputs{APIID: "a", RouteKey: "GET /x", AuthorizationType: kind, AuthorizerID: id})
	}
	none := 0
	wantFailure(t, "no API", authorizer("x", requestAuthorizer("none"), nil), "NotFoundException: API none")
	for _, test := range []struct {
		in     AuthorizerInputs
		change func(*AuthorizerInputs)
		want   string
	}{
		{requestAuthorizer("a"), func(in *AuthorizerInputs) { in.AuthorizerURI = "" }, "needs an authorizerUri"},
		{requestAuthorizer("a"), func(in *AuthorizerInputs) { in.PayloadFormatVersion = "" }, "needs an authorizerPayloadFormatVersion"},
		{requestAuthorizer("a"), func(in *AuthorizerInputs) { in.IdentitySources = nil }, "BadRequestException: authorizer a: identity source must be set if authorizer caching is enabled"},
		{jwtAuthorizer("a"), func(in *AuthorizerInputs) { in.JWTConfiguration = nil }, "needs a jwtConfiguration"},
		{jwtAuthorizer("a"), func(in *AuthorizerInputs) { in.JWTConfiguration.Audiences = nil }, "needs an audience"},
		{jwtAuthorizer("a"), func(in *AuthorizerInputs) { in.IdentitySources = nil }, "needs exactly one identity source"},
	} {
		wantFailure(t, test.want, authorizer("x", test.in, test.change), test.want)
	}
	must(t, authorizer("u", requestAuthorizer("a"), func(in *AuthorizerInputs) { in.IdentitySources, in.ResultTTLInSeconds = nil, &none }))
	must(t, authorizer("r", requestAuthorizer("a"), nil))
	must(t, authorizer("j", jwtAuthorizer("a"), nil))
	must(t, authorizer("other", requestAuthorizer("b"), nil))

	const invalid = "BadRequestException: invalid authorizer id"
	wantFailure(t, "no authorizer", route("CUSTOM", ""), invalid)
	wantFailure(t, "a missing authorizer", route("CUSTOM", "none"), invalid)
	wantFailure(t, "another API's", route("CUSTOM", "other"), invalid)
	wantFailure(t, "a function for tokens", route("JWT", "r"), invalid)
	wantFailure(t, "tokens for a function", route("CUSTOM", "j"), invalid)
	must(t, route("JWT", "j"))
	must(t, route("CUSTOM", "r"))

	get := func(id string) store.Record[AuthorizerInputs] {
		r, err := store.Get[AuthorizerInputs](p.db, AuthorizerToken, id)
		must(t, err)
		return r
	}
	k := authorizers(p.APIs)
	wantFailure(t, "delete in use", k.Delete(t.Context(), provider.Call{}, get("r")), "ConflictException: cannot delete authorizer a: the route GET /x refers to it")
	must(t, k.Delete(t.Context(), provider.Call{}, get("j")))
	changed := get("r")
	changed.Inputs = jwtAuthorizer("a")
	wantFailure(t, "another type while in use", k.Update(t.Context(), provider.Call{}, get("r"), &changed), "ConflictException")
	incomplete := get("u")
	incomplete.Inputs.ResultTTLInSeconds = nil
	wantFailure(t, "kept without a source", k.Update(t.Context(), provider.Call{}, get("u"), &incomplete), "identity source must be set")
}

func TestAuthorizerQuota(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareAPI(t, "b")
	for n := range 10 {
		must(t, declare(t, p, authorizers(p.APIs), fmt.Sprint(n), "", jwtAuthorizer("a")))
	}
	wantFailure(t, "eleventh", declare(t, p, authorizers(p.APIs), "x", "", jwtAuthorizer("a")), "LimitExceededException: the API a has 10 authorizers already")
	must(t, declare(t, p, authorizers(p.APIs), "x", "", jwtAuthorizer("b")))
	must(t, p.deleteAPI(t.Context(), provider.Call{}, store.Record[APIInputs]{ID: "a"}))
	left, err := store.List[AuthorizerInputs](p.db, AuthorizerToken)
	if err != nil || len(left) != 1 {
		t.Errorf("%d authorizers are left, %v", len(left), err)
	}
}

// TestAuthorizersAreServed checks that a stage serves its routes with their
// authorizers, and that a deployment freezes both.
func TestAuthorizersAreServed(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	must(t, declare(t, p, authorizers(p.APIs), "r", "", requestAuthorizer("a")))
	must(t, declare(t, p, authorizers(p.APIs), "j", "", jwtAuthorizer("a")))
	route := func(in RouteInputs) {
		in.APIID, in.RouteKey = "a", "GET /x"
		must(t, declare(t, p, routes(p.APIs), "x", "", in))
	}
	route(RouteInputs{AuthorizationType: "CUSTOM", AuthorizerID: "r"})
	must(t, declare(t, p, deployments(p.APIs), "d", "", DeploymentInputs{APIID: "a"}))
	must(t, declare(t, p, stages(p.APIs), "frozen", "", StageInputs{APIID: "a", Name: "frozen", DeploymentID: "d"}))
	must(t, declare(t, p, stages(p.APIs), "auto", "", StageInputs{APIID: "a", Name: "auto", AutoDeploy: true}))
	route(RouteInputs{AuthorizationType: "JWT", AuthorizerID: "j", AuthorizationScopes: []string{"s"}})
	function := &httpapi.Authorizer{ID: "r", IdentitySources: []string{header}, Function: &httpapi.AuthorizerFunction{
		ARN: functionARN, SimpleResponse: true, TTL: 300 * time.Second,
		SourceARN: "arn:aws:execute-api:eu-west-1:111111111111:a/authorizers/r",
	}}
	token := &httpapi.Authorizer{ID: "j", IdentitySources: []string{header}, JWT: &httpapi.JWT{Issuer: issuerURL, Audiences: []string{"items"}}}
	all, err := p.Stages()
	must(t, err)
	for _, stage := range all["a"] {
		want := httpapi.Route{ID: "x", Key: "GET /x", Authorizer: function}
		if stage.Name == "auto" {
			want = httpapi.Route{ID: "x", Key: "GET /x", Authorizer: token, Scopes: []string{"s"}}
		}
		for _, r := range stage.Routes {
			if r.ID == "x" {
				if diff := cmp.Diff(want, r, cmpopts.IgnoreUnexported(httpapi.Route{})); diff != "" {
					t.Errorf("route of stage %s (-want +got):\n%s", stage.Name, diff)
				}
			} else if r.Authorizer != nil {
				t.Errorf("the route %s has an authorizer", r.Key)
			}
		}
	}
}

func TestDescribeAuthorizer(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareSocket(t, "s")
	ten := 10
	kept := requestAuthorizer("a")
	kept.ResultTTLInSeconds = &ten
	for _, test := range []struct {
		in   AuthorizerInputs
		want int
	}{{requestAuthorizer("a"), 300}, {kept, 10}, {jwtAuthorizer("a"), 0}, {socketAuthorizer("s"), 0}} {
		if got := authorizers(p.APIs).Describe(store.Record[AuthorizerInputs]{Inputs: test.in}).ResultTTLInSeconds; got != test.want {
			t.Errorf("%+v is kept for %d s, want %d", test.in, got, test.want)
		}
	}
}
