package apigateway

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"skiff/local/provider"
	"skiff/local/store"
)

// IntegrationInputs is the inputs of an integration: a function behind an API.
// HTTP proxies, private links and requests to AWS services are left out.
type IntegrationInputs struct {
	APIID                string `json:"apiId" aws:"required,replace"`
	IntegrationType      string `json:"integrationType" aws:"required,replace"`
	IntegrationURI       string `json:"integrationUri,omitempty" aws:"required"`
	IntegrationMethod    string `json:"integrationMethod,omitempty"`
	ConnectionType       string `json:"connectionType,omitempty"`
	Description          string `json:"description,omitempty"`
	PayloadFormatVersion string `json:"payloadFormatVersion,omitempty"`
	TimeoutMilliseconds  int    `json:"timeoutMilliseconds,omitempty"`
}

// IntegrationOutputs is what AWS adds to an integration, its defaults
// included.
type IntegrationOutputs struct {
	ConnectionType              string `json:"connectionType"`
	PayloadFormatVersion        string `json:"payloadFormatVersion"`
	ResponseSelectionExpression string `json:"integrationResponseSelectionExpression"`
	TimeoutMilliseconds         int    `json:"timeoutMilliseconds"`
}

// RouteOutputs is what AWS adds to a route, its defaults included.
type RouteOutputs struct {
	APIKeyRequired    bool   `json:"apiKeyRequired"`
	AuthorizationType string `json:"authorizationType"`
}

// RouteInputs is the inputs of a route.
type RouteInputs struct {
	APIID             string `json:"apiId" aws:"required,replace"`
	RouteKey          string `json:"routeKey" aws:"required"`
	Target            string `json:"target,omitempty"`
	AuthorizationType string `json:"authorizationType,omitempty"`
	OperationName     string `json:"operationName,omitempty"`
}

func (a *APIs) integrations() *provider.Resource[IntegrationInputs, IntegrationOutputs] {
	return &provider.Resource[IntegrationInputs, IntegrationOutputs]{
		Token: IntegrationToken,
		Check: checkIntegration,
		Create: func(_ context.Context, _ provider.Call, r *store.Record[IntegrationInputs]) error {
			_, err := a.api(r.Inputs.APIID)
			return err
		},
		Delete: a.deleteIntegration,
		Describe: func(r store.Record[IntegrationInputs]) IntegrationOutputs {
			ms := r.Inputs.TimeoutMilliseconds
			if ms == 0 {
				ms = 30000
			}
			return IntegrationOutputs{ConnectionType: "INTERNET", PayloadFormatVersion: "2.0", TimeoutMilliseconds: ms}
		},
	}
}

// Functions behind an integration are named by their invoke ARN, or by their
// own.
var (
	invokeForm   = regexp.MustCompile(`^arn:aws:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(arn:aws:lambda:.+)/invocations$`)
	functionForm = regexp.MustCompile(`^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[^/]+$`)
)

func functionOf(uri string) (arn string, ok bool) {
	if m := invokeForm.FindStringSubmatch(uri); m != nil {
		return m[1], true
	}
	return uri, functionForm.MatchString(uri)
}

// checkIntegration refuses what
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html
// does, and the kinds that the local cloud lacks.
func checkIntegration(in IntegrationInputs) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	if t := in.IntegrationType; t != "" && t != "AWS_PROXY" {
		refuse("integrationType", "the local cloud holds AWS_PROXY with a function behind it, not %q", t)
	}
	if c := in.ConnectionType; c != "" && c != "INTERNET" {
		refuse("connectionType", "the local cloud holds INTERNET, not %q", c)
	}
	switch v := in.PayloadFormatVersion; v {
	case "2.0":
	case "":
		refuse("payloadFormatVersion", `is 1.0 on AWS where it is left out, and the local cloud speaks 2.0: set it to "2.0"`)
	default:
		refuse("payloadFormatVersion", "the local cloud speaks payload format 2.0, not %q", v)
	}
	if ms := in.TimeoutMilliseconds; ms != 0 && (ms < 50 || ms > 30000) {
		refuse("timeoutMilliseconds", "%d is not within 50 to 30000 ms", ms)
	}
	if in.IntegrationURI != "" {
		if _, ok := functionOf(in.IntegrationURI); !ok {
			refuse("integrationUri", "%q is neither the ARN nor the invoke ARN of a function", in.IntegrationURI)
		}
	}
	return problems
}

func (a *APIs) deleteIntegration(_ context.Context, _ provider.Call, r store.Record[IntegrationInputs]) error {
	all, err := store.List[RouteInputs](a.db, RouteToken)
	if err != nil {
		return err
	}
	for _, route := range all {
		if route.Inputs.APIID == r.Inputs.APIID && route.Inputs.Target == "integrations/"+r.ID {
			return fmt.Errorf("ConflictException: cannot delete integration %s: the route %s refers to it", r.ID, route.Inputs.RouteKey)
		}
	}
	return nil
}

func (a *APIs) routes() *provider.Resource[RouteInputs, RouteOutputs] {
	return &provider.Resource[RouteInputs, RouteOutputs]{
		Token: RouteToken, Exclusive: true,
		Check: checkRoute,
		Create: func(_ context.Context, _ provider.Call, r *store.Record[RouteInputs]) error {
			return a.checkTarget(r)
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[RouteInputs], r *store.Record[RouteInputs]) error {
			return a.checkTarget(r)
		},
		Describe: func(store.Record[RouteInputs]) RouteOutputs { return RouteOutputs{AuthorizationType: "NONE"} },
	}
}

var routeKeyForm = regexp.MustCompile(`^(\$default|(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) /\S*)$`)

func checkRoute(in RouteInputs) []provider.Problem {
	var problems []provider.Problem
	if in.RouteKey != "" && !routeKeyForm.MatchString(in.RouteKey) {
		problems = append(problems, provider.Problem{Property: "routeKey", Reason: fmt.Sprintf(`%q is neither $default nor a method and a path, such as "GET /items/{id}"`, in.RouteKey)})
	} else if reason := pathProblem(in.RouteKey); reason != "" {
		problems = append(problems, provider.Problem{Property: "routeKey", Reason: fmt.Sprintf("%q: %s", in.RouteKey, reason)})
	}
	if t := in.AuthorizationType; t != "" && t != "NONE" {
		problems = append(problems, provider.Problem{Property: "authorizationType", Reason: fmt.Sprintf("the local cloud has no authorizers: %q", t)})
	}
	if in.Target != "" && !strings.HasPrefix(in.Target, "integrations/") {
		problems = append(problems, provider.Problem{Property: "target", Reason: fmt.Sprintf("%q is not of the form integrations/ID", in.Target)})
	}
	return problems
}

var variableForm = regexp.MustCompile(`^\{[^{}/+]+\+?\}$`)

// pathProblem says what is wrong with the variables of a route key, by
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
			return fmt.Sprintf("a variable takes a whole segment, such as {id}: %s does not", segment)
		case strings.HasSuffix(segment, "+}") && i < len(segments)-1:
			return fmt.Sprintf("the greedy variable %s must come last", segment)
		case slices.Contains(names, name):
			return fmt.Sprintf("there are two variables %s", name)
		}
		names = append(names, name)
	}
	return ""
}

// shape is a route key without the names of its variables: two keys of one
// shape match the same requests.
func shape(key string) string {
	return nameForm.ReplaceAllString(key, "{$1}")
}

var nameForm = regexp.MustCompile(`\{[^{}+]*(\+?)\}`)

// checkTarget refuses a route key that the API has already, and a target that
// it has not.
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
			return fmt.Errorf("ConflictException: the API has a route %s already", other.Inputs.RouteKey)
		}
	}
	if r.Inputs.Target == "" {
		return nil
	}
	id := strings.TrimPrefix(r.Inputs.Target, "integrations/")
	i, err := store.Get[IntegrationInputs](a.db, IntegrationToken, id)
	if err != nil || i.Inputs.APIID != r.Inputs.APIID {
		return fmt.Errorf("BadRequestException: the API has no integration %s, which the route %s targets", id, r.Inputs.RouteKey)
	}
	return nil
}
