package apigateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// RouteInputs holds the inputs of a route. The operation name has no effect.
type RouteInputs struct {
	APIID               string   `json:"apiId" aws:"required,replace"`
	RouteKey            string   `json:"routeKey" aws:"required"`
	Target              string   `json:"target,omitempty"`
	AuthorizationType   string   `json:"authorizationType,omitempty"`
	AuthorizerID        string   `json:"authorizerId,omitempty"`
	AuthorizationScopes []string `json:"authorizationScopes,omitempty"`
	OperationName       string   `json:"operationName,omitempty" aws:"idle"`
}

// RouteOutputs holds the outputs and defaults that AWS adds to a route.
type RouteOutputs struct {
	APIKeyRequired    bool   `json:"apiKeyRequired"`
	AuthorizationType string `json:"authorizationType"`
}

// The authorization types of a route.
const (
	authorizationNone   = "NONE"
	authorizationCustom = "CUSTOM"
	authorizationJWT    = "JWT"
)

func routes(a *APIs) *provider.Resource[RouteInputs, RouteOutputs] {
	return &provider.Resource[RouteInputs, RouteOutputs]{
		Token: RouteToken, Exclusive: true,
		Check: func(in RouteInputs) []provider.Problem { return checkRoute(in, a.protocolOf(in.APIID)) },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[RouteInputs]) error {
			return errors.Join(a.checkTarget(r), a.checkRouteAuthorizer(r),
				checkQuota(a, RouteToken, "routes", maxRoutes, r, func(in RouteInputs) string { return in.APIID }))
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[RouteInputs], r *store.Record[RouteInputs]) error {
			return errors.Join(a.checkTarget(r), a.checkRouteAuthorizer(r))
		},
		Actions: routeActions,
		Describe: func(r store.Record[RouteInputs]) RouteOutputs {
			return RouteOutputs{AuthorizationType: cmp.Or(r.Inputs.AuthorizationType, authorizationNone)}
		},
	}
}

var (
	routeKeyForm = regexp.MustCompile(`^(\$default|(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) /\S*)$`)

	// actionForm matches the route key of a WebSocket API: one of the three
	// that API Gateway defines, or a value that the route selection expression
	// may return
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html).
	actionForm = regexp.MustCompile(`^(\$connect|\$disconnect|\$default|[^$\s]\S*)$`)
)

func checkRoute(in RouteInputs, protocol string) []provider.Problem {
	var problems provider.Problems
	if in.RouteKey != "" {
		checkRouteKey(&problems, in.RouteKey, protocol)
	}
	if in.Target != "" && !strings.HasPrefix(in.Target, "integrations/") {
		problems.Add("target", "%q is not of the form integrations/ID", in.Target)
	}
	checkAuthorization(&problems, in, protocol)
	return problems
}

func checkRouteKey(problems *provider.Problems, key, protocol string) {
	isHTTP, isAction := routeKeyForm.MatchString(key), actionForm.MatchString(key)
	switch {
	case protocol == protocolSocket && !isAction:
		problems.Add("routeKey", "%q must be $connect, $disconnect, $default or an action without blanks", key)
	case protocol == protocolHTTP && !isHTTP, !isHTTP && !isAction:
		problems.Add("routeKey", `%q must be $default or a method and a path, such as "GET /items/{id}"`, key)
	case isHTTP:
		if reason := pathProblem(key); reason != "" {
			problems.Add("routeKey", "%q: %s", key, reason)
		}
	}
}

// Limits of a route's scopes:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
// Their length is at
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html.
const (
	maxScopes    = 10
	maxScopeSize = 64
)

// checkAuthorization reports what
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes-routeid.html
// rejects. checkRouteAuthorizer checks the authorizer when the route is created, because
// a preview may not know its id.
func checkAuthorization(problems *provider.Problems, in RouteInputs, protocol string) {
	switch t := in.AuthorizationType; {
	case t == "", t == authorizationNone:
		if in.AuthorizerID != "" {
			problems.Add("authorizerId", "cannot be combined with authorizationType NONE: set CUSTOM for a function, JWT for tokens")
		}
	case t == "AWS_IAM":
		problems.Add("authorizationType", "the local cloud does not check signatures of clients: AWS_IAM")
	case t != authorizationCustom && t != authorizationJWT:
		problems.Add("authorizationType", "%q is not NONE, CUSTOM, JWT or AWS_IAM", t)
	case protocol == protocolSocket && t == authorizationJWT:
		problems.Add("authorizationType", "a WebSocket API has no JWT authorizers")
	case protocol == protocolSocket && in.RouteKey != "" && in.RouteKey != "$connect":
		problems.Add("authorizationType", "only $connect of a WebSocket API has an authorizer, not %s", in.RouteKey)
	}
	if len(in.AuthorizationScopes) == 0 {
		return
	}
	if in.AuthorizationType != authorizationJWT {
		problems.Add("authorizationScopes", "need authorizationType JWT")
	}
	problems.AtMost("authorizationScopes", len(in.AuthorizationScopes), maxScopes, "scopes")
	for i, scope := range in.AuthorizationScopes {
		if scope == "" || len(scope) > maxScopeSize || strings.ContainsAny(scope, " \t\r\n\"\\") {
			problems.Add(fmt.Sprintf("authorizationScopes[%d]", i), "%q is not a scope: it must be 1 to %d characters without blanks and quotes", scope, maxScopeSize)
		}
	}
}

var variableForm = regexp.MustCompile(`^\{[^{}/+]+\+?\}$`)

// pathProblem describes what is wrong with the variables of a route key, by
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html.
func pathProblem(key string) string {
	_, path, _ := strings.Cut(key, " ")
	segments := strings.Split(path, "/")
	var names []string
	for i, segment := range segments {
		if !strings.ContainsAny(segment, "{}") {
			continue
		}
		name := strings.TrimRight(strings.Trim(segment, "{}"), "+")
		switch {
		case !variableForm.MatchString(segment):
			return fmt.Sprintf("a variable must be a whole segment, such as {id}: %s is not", segment)
		case strings.HasSuffix(segment, "+}") && i < len(segments)-1:
			return fmt.Sprintf("the greedy variable %s must come last", segment)
		case slices.Contains(names, name):
			return fmt.Sprintf("there are two variables %s", name)
		}
		names = append(names, name)
	}
	return ""
}

// shape returns a route key without the names of its variables. Two keys of the
// same shape match the same requests.
func shape(key string) string {
	return nameForm.ReplaceAllString(key, "{$1}")
}

var nameForm = regexp.MustCompile(`\{[^{}+]*(\+?)\}`)

// checkTarget refuses a route key that the API has already, and a target that
// the API does not have.
func (a *APIs) checkTarget(r *store.Record[RouteInputs]) error {
	if _, err := a.api(r.Inputs.APIID); err != nil {
		return err
	}
	all, err := store.List[RouteInputs](a.db, RouteToken)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != r.ID && other.Inputs.APIID == r.Inputs.APIID && shape(other.Inputs.RouteKey) == shape(r.Inputs.RouteKey) {
			return awserr.New("ConflictException", "the API has a route %s already", other.Inputs.RouteKey)
		}
	}
	if r.Inputs.Target == "" {
		return nil
	}
	id := strings.TrimPrefix(r.Inputs.Target, "integrations/")
	i, err := store.Get[IntegrationInputs](a.db, IntegrationToken, id)
	if err != nil || i.Inputs.APIID != r.Inputs.APIID {
		return awserr.New("BadRequestException", "the API has no integration %s, which the route %s targets", id, r.Inputs.RouteKey)
	}
	return nil
}

// checkRouteAuthorizer refuses a route whose authorizer is missing, of another API, or of
// the wrong type.
func (a *APIs) checkRouteAuthorizer(r *store.Record[RouteInputs]) error {
	in := r.Inputs
	want := map[string]string{authorizationCustom: authorizerRequest, authorizationJWT: authorizerJWT}[in.AuthorizationType]
	if want == "" {
		return nil
	}
	authorizer, err := store.Get[AuthorizerInputs](a.db, AuthorizerToken, in.AuthorizerID)
	if in.AuthorizerID == "" || err != nil || authorizer.Inputs.APIID != in.APIID || authorizer.Inputs.AuthorizerType != want {
		return awserr.New("BadRequestException", "invalid authorizer id %q of the route %s: authorization type %s requires an authorizer of type %s of the API %s",
			in.AuthorizerID, in.RouteKey, in.AuthorizationType, want, in.APIID)
	}
	return nil
}
