package apigateway

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// AuthorizerInputs holds the inputs of an authorizer: a function that decides
// on requests, or an issuer whose tokens are accepted. A role to invoke the
// function is not supported: the function's own permissions decide.
type AuthorizerInputs struct {
	APIID                string            `json:"apiId" aws:"required,replace"`
	Name                 string            `json:"name,omitempty"`
	AuthorizerType       string            `json:"authorizerType" aws:"required"`
	AuthorizerURI        string            `json:"authorizerUri,omitempty"`
	PayloadFormatVersion string            `json:"authorizerPayloadFormatVersion,omitempty"`
	ResultTTLInSeconds   *int              `json:"authorizerResultTtlInSeconds,omitempty"`
	EnableSimpleResponse bool              `json:"enableSimpleResponses,omitempty"`
	IdentitySources      []string          `json:"identitySources,omitempty"`
	JWTConfiguration     *JWTConfiguration `json:"jwtConfiguration,omitempty"`
}

// JWTConfiguration says whose tokens an authorizer accepts, and for which
// audiences.
type JWTConfiguration struct {
	Issuer    string   `json:"issuer" aws:"required"`
	Audiences []string `json:"audiences" aws:"required"`
}

// AuthorizerOutputs holds the outputs that AWS adds to an authorizer.
type AuthorizerOutputs struct {
	ResultTTLInSeconds int `json:"authorizerResultTtlInSeconds"`
}

// The types of authorizers.
const (
	authorizerRequest = "REQUEST"
	authorizerJWT     = "JWT"
)

// See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
// and
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html.
const (
	maxAudiences = 50
	maxResultTTL = 3600 // seconds

	// defaultResultTTL, in seconds, is what the AWS provider sends for an HTTP
	// API if a program sets no TTL. AWS itself would cache nothing.
	defaultResultTTL = 300
)

func authorizers(a *APIs) *provider.Resource[AuthorizerInputs, AuthorizerOutputs] {
	return &provider.Resource[AuthorizerInputs, AuthorizerOutputs]{
		Token: AuthorizerToken, Named: "name", MaxName: 128, Exclusive: true,
		Check:  func(in AuthorizerInputs) []provider.Problem { return checkAuthorizer(in, a.protocolOf(in.APIID)) },
		Create: a.createAuthorizer,
		Update: func(_ context.Context, _ provider.Call, old store.Record[AuthorizerInputs], r *store.Record[AuthorizerInputs]) error {
			if old.Inputs.AuthorizerType != r.Inputs.AuthorizerType {
				if err := a.checkUnused(old); err != nil {
					return err
				}
			}
			return a.checkComplete(r.Inputs)
		},
		Delete: func(_ context.Context, _ provider.Call, r store.Record[AuthorizerInputs]) error {
			return a.checkUnused(r)
		},
		Actions: authorizerActions,
		Describe: func(r store.Record[AuthorizerInputs]) AuthorizerOutputs {
			return AuthorizerOutputs{ResultTTLInSeconds: int(a.resultTTL(r.Inputs).Seconds())}
		},
	}
}

// resultTTL returns how long the results of an authorizer are cached.
func (a *APIs) resultTTL(in AuthorizerInputs) time.Duration {
	if in.AuthorizerType != authorizerRequest || a.protocolOf(in.APIID) == protocolSocket {
		return 0
	}
	seconds := defaultResultTTL
	if in.ResultTTLInSeconds != nil {
		seconds = *in.ResultTTLInSeconds
	}
	return time.Duration(seconds) * time.Second
}

// checkAuthorizer reports what
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html
// rejects. protocol is the API's, or "" while it is unknown.
func checkAuthorizer(in AuthorizerInputs, protocol string) []provider.Problem {
	var problems provider.Problems
	problems.MaxCharacters("name", in.Name, 128)
	switch in.AuthorizerType {
	case "": // unknown in a preview
	case authorizerRequest:
		checkRequestAuthorizer(&problems, in, protocol)
	case authorizerJWT:
		checkJWTAuthorizer(&problems, in, protocol)
	default:
		problems.Add("authorizerType", "%q is neither REQUEST nor JWT", in.AuthorizerType)
	}
	return problems
}

// checkRequestAuthorizer checks an authorizer with a function. Its URI must be
// an invoke ARN: unlike for integrations,
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html
// has no other form.
func checkRequestAuthorizer(problems *provider.Problems, in AuthorizerInputs, protocol string) {
	if in.JWTConfiguration != nil {
		problems.Add("jwtConfiguration", "needs authorizerType JWT")
	}
	if in.AuthorizerURI != "" && !invokeForm.MatchString(in.AuthorizerURI) {
		problems.Add("authorizerUri", "%q is not the invoke ARN of a function", in.AuthorizerURI)
	}
	if ttl := in.ResultTTLInSeconds; ttl != nil {
		problems.Within("authorizerResultTtlInSeconds", *ttl, 0, maxResultTTL, "seconds")
	}
	version := in.PayloadFormatVersion
	switch {
	case protocol == protocolSocket:
		checkSocketAuthorizer(problems, in)
	case in.EnableSimpleResponse && version == "1.0":
		problems.Add("enableSimpleResponses", "needs authorizerPayloadFormatVersion 2.0, not 1.0")
	case protocol == protocolHTTP && version != "" && version != "2.0":
		problems.Add("authorizerPayloadFormatVersion", "the local cloud supports payload format 2.0 for authorizers of HTTP APIs, not %q", version)
	case version != "" && version != "1.0" && version != "2.0":
		problems.Add("authorizerPayloadFormatVersion", "%q is neither 1.0 nor 2.0", version)
	}
	checkSources(problems, in.IdentitySources, protocol)
}

// checkSocketAuthorizer refuses what only authorizers of HTTP APIs have.
func checkSocketAuthorizer(problems *provider.Problems, in AuthorizerInputs) {
	if v := in.PayloadFormatVersion; v != "" && v != "1.0" {
		problems.Add("authorizerPayloadFormatVersion", "a WebSocket API has payload format 1.0, not %q", v)
	}
	if in.EnableSimpleResponse {
		problems.Add("enableSimpleResponses", "is for HTTP APIs: an authorizer of a WebSocket API answers with a policy")
	}
	if ttl := in.ResultTTLInSeconds; ttl != nil && *ttl != 0 {
		problems.Add("authorizerResultTtlInSeconds", "is for HTTP APIs: a WebSocket API asks its authorizer at every connection")
	}
}

// Forms of identity sources: of HTTP APIs
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html)
// and of WebSocket APIs. Stage and context variables of WebSocket APIs are not
// supported here.
var (
	httpSourceForm   = regexp.MustCompile(`^\$(request\.(header|querystring)|stageVariables|context)\.[^\s]+$`)
	tokenSourceForm  = regexp.MustCompile(`^\$request\.(header|querystring)\.[^\s]+$`)
	socketSourceForm = regexp.MustCompile(`^route\.request\.(header|querystring)\.[^\s]+$`)
)

// checkSources checks the identity sources of an authorizer of type REQUEST. A
// context variable must have its value before the authorizer runs.
func checkSources(problems *provider.Problems, sources []string, protocol string) {
	for i, source := range sources {
		property := fmt.Sprintf("identitySources[%d]", i)
		isHTTP, isSocket := httpSourceForm.MatchString(source), socketSourceForm.MatchString(source)
		variable, isContext := strings.CutPrefix(source, "$context.")
		switch {
		case protocol == protocolSocket && !isSocket:
			problems.Add(property, "%q is not of the form route.request.header.NAME or route.request.querystring.NAME", source)
		case protocol == protocolHTTP && !isHTTP, !isHTTP && !isSocket:
			problems.Add(property, "%q is not of the form $request.header.NAME, $request.querystring.NAME, $stageVariables.NAME or $context.NAME", source)
		case isContext && !slices.Contains(httpapi.RequestVariables(), variable):
			problems.Add(property, "%s has no value before a request is authorized", source)
		case slices.Contains(sources[:i], source):
			problems.Add(property, "%s is listed twice", source)
		}
	}
}

// checkJWTAuthorizer checks a JWT authorizer. It refuses by name each property
// that only REQUEST authorizers have.
func checkJWTAuthorizer(problems *provider.Problems, in AuthorizerInputs, protocol string) {
	if protocol == protocolSocket {
		problems.Add("authorizerType", "a WebSocket API has no JWT authorizers")
		return
	}
	for property, given := range map[string]bool{
		"authorizerUri":                  in.AuthorizerURI != "",
		"authorizerPayloadFormatVersion": in.PayloadFormatVersion != "",
		"authorizerResultTtlInSeconds":   in.ResultTTLInSeconds != nil && *in.ResultTTLInSeconds != 0,
		"enableSimpleResponses":          in.EnableSimpleResponse,
	} {
		if given {
			problems.Add(property, "needs authorizerType REQUEST")
		}
	}
	if n := len(in.IdentitySources); n > 1 {
		problems.Add("identitySources", "has %d sources; a JWT authorizer has exactly one", n)
	}
	for i, source := range in.IdentitySources {
		if !tokenSourceForm.MatchString(source) {
			problems.Add(fmt.Sprintf("identitySources[%d]", i), "%q is not of the form $request.header.NAME or $request.querystring.NAME", source)
		}
	}
	if c := in.JWTConfiguration; c != nil {
		if u, err := url.Parse(c.Issuer); c.Issuer != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			problems.Add("jwtConfiguration.issuer", "%q is not an https URL, below which API Gateway looks for .well-known/openid-configuration", c.Issuer)
		}
		problems.AtMost("jwtConfiguration.audiences", len(c.Audiences), maxAudiences, "audiences")
	}
}

func (a *APIs) createAuthorizer(_ context.Context, _ provider.Call, r *store.Record[AuthorizerInputs]) error {
	if _, err := a.api(r.Inputs.APIID); err != nil {
		return err
	}
	if err := checkQuota(a, AuthorizerToken, "authorizers", maxAuthorizers, r, func(in AuthorizerInputs) string { return in.APIID }); err != nil {
		return err
	}
	return a.checkComplete(r.Inputs)
}

// checkComplete refuses missing inputs. checkAuthorizer cannot do that, because
// a preview may not know them.
func (a *APIs) checkComplete(in AuthorizerInputs) error {
	refuse := func(text string) error { return awserr.New("BadRequestException", "authorizer %s: %s", in.Name, text) }
	if in.AuthorizerType == authorizerJWT {
		switch c := in.JWTConfiguration; {
		case c == nil:
			return refuse("a JWT authorizer needs a jwtConfiguration")
		case len(c.Audiences) == 0:
			return refuse("a JWT authorizer needs an audience")
		case len(in.IdentitySources) != 1:
			return refuse("a JWT authorizer needs exactly one identity source, such as $request.header.Authorization")
		}
		return nil
	}
	isHTTP := a.protocolOf(in.APIID) == protocolHTTP
	switch {
	case in.AuthorizerURI == "":
		return refuse("an authorizer of type REQUEST needs an authorizerUri")
	case isHTTP && in.PayloadFormatVersion == "":
		return refuse("an authorizer of an HTTP API needs an authorizerPayloadFormatVersion: 2.0")
	case a.resultTTL(in) > 0 && len(in.IdentitySources) == 0:
		return refuse("identity source must be set if authorizer caching is enabled (TTL is greater than 0, and 300 if it is not set)")
	}
	return nil
}

// checkUnused refuses to delete an authorizer that a route uses. On AWS,
// resourceAuthorizerDelete of terraform-provider-aws waits instead.
func (a *APIs) checkUnused(r store.Record[AuthorizerInputs]) error {
	all, err := store.List[RouteInputs](a.db, RouteToken)
	if err != nil {
		return err
	}
	for _, route := range all {
		if route.Inputs.APIID == r.Inputs.APIID && route.Inputs.AuthorizerID == r.ID {
			return awserr.New("ConflictException", "cannot delete authorizer %s: the route %s refers to it", cmp.Or(r.Inputs.Name, r.ID), route.Inputs.RouteKey)
		}
	}
	return nil
}

// authorizerOf returns an authorizer as a stage serves it.
func (a *APIs) authorizerOf(r store.Record[AuthorizerInputs]) *httpapi.Authorizer {
	in := r.Inputs
	out := &httpapi.Authorizer{ID: r.ID, IdentitySources: in.IdentitySources}
	if in.AuthorizerType == authorizerJWT {
		out.JWT = &httpapi.JWT{Issuer: in.JWTConfiguration.Issuer, Audiences: in.JWTConfiguration.Audiences}
		return out
	}
	function, _ := functionOf(in.AuthorizerURI)
	out.Function = &httpapi.AuthorizerFunction{
		ARN: function, SimpleResponse: in.EnableSimpleResponse, TTL: a.resultTTL(in),
		SourceARN: arn.New("execute-api", r.Region, r.Account, in.APIID+"/authorizers/"+r.ID),
	}
	return out
}
