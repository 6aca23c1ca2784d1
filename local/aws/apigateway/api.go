package apigateway

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource types of this package.
const (
	APIToken         = "aws:apigatewayv2/api:Api"
	IntegrationToken = "aws:apigatewayv2/integration:Integration"
	RouteToken       = "aws:apigatewayv2/route:Route"
	AuthorizerToken  = "aws:apigatewayv2/authorizer:Authorizer"
	DeploymentToken  = "aws:apigatewayv2/deployment:Deployment"
	StageToken       = "aws:apigatewayv2/stage:Stage"
	DomainToken      = "aws:apigatewayv2/domainName:DomainName"
	MappingToken     = "aws:apigatewayv2/apiMapping:ApiMapping"
)

// The protocols of APIs.
const (
	protocolHTTP   = "HTTP"
	protocolSocket = "WEBSOCKET"
)

// APIInputs holds the inputs of an API. Quick create, OpenAPI bodies, API keys
// and mutual TLS are not supported. The address type has no effect on a
// loopback address.
type APIInputs struct {
	Name                     string            `json:"name,omitempty"`
	ProtocolType             string            `json:"protocolType" aws:"required,replace"`
	Description              string            `json:"description,omitempty" aws:"idle"`
	Version                  string            `json:"version,omitempty" aws:"idle"`
	CORSConfiguration        *CORSInputs       `json:"corsConfiguration,omitempty"`
	RouteSelectionExpression string            `json:"routeSelectionExpression,omitempty"`
	IPAddressType            string            `json:"ipAddressType,omitempty" aws:"idle"`
	DisableEndpoint          bool              `json:"disableExecuteApiEndpoint,omitempty"`
	Tags                     map[string]string `json:"tags,omitempty"`
}

// CORSInputs holds the CORS settings of an API. MaxAge is in seconds.
type CORSInputs struct {
	AllowCredentials bool     `json:"allowCredentials,omitempty"`
	AllowHeaders     []string `json:"allowHeaders,omitempty"`
	AllowMethods     []string `json:"allowMethods,omitempty"`
	AllowOrigins     []string `json:"allowOrigins,omitempty"`
	ExposeHeaders    []string `json:"exposeHeaders,omitempty"`
	MaxAge           int      `json:"maxAge,omitempty"`
}

// APIOutputs holds the outputs that AWS adds to an API.
type APIOutputs struct {
	APIEndpoint              string `json:"apiEndpoint"`
	ARN                      string `json:"arn"`
	ExecutionARN             string `json:"executionArn"`
	IPAddressType            string `json:"ipAddressType"`
	RouteSelectionExpression string `json:"routeSelectionExpression"`
}

// APIs holds the declared APIs.
type APIs struct {
	db           *store.Store
	base         string // URL of the gateway, without a path
	root         Root
	certificates Certificates
	deployed
}

// NewAPIs returns the APIs in db. base is the URL of the gateway that serves
// them, such as http://127.0.0.1:8080. The API of root answers there without a
// prefix. certificates has the certificates of domain names; it may be nil if
// there are no domain names.
func NewAPIs(db *store.Store, base string, root Root, certificates Certificates) *APIs {
	return &APIs{db: db, base: base, root: root, certificates: certificates}
}

func apis(a *APIs) *provider.Resource[APIInputs, APIOutputs] {
	return &provider.Resource[APIInputs, APIOutputs]{
		Token: APIToken, Named: "name", MaxName: 128, Exclusive: true,
		Check:  checkAPI,
		Create: a.createAPI,
		Update: func(_ context.Context, _ provider.Call, _ store.Record[APIInputs], r *store.Record[APIInputs]) error {
			return a.checkSelection(r)
		},
		Delete:  a.deleteAPI,
		Actions: apiActions,
		Describe: func(r store.Record[APIInputs]) APIOutputs {
			return APIOutputs{
				APIEndpoint:              a.endpoint(r),
				ARN:                      arn.New("apigateway", r.Region, "", "/apis/"+r.ID),
				ExecutionARN:             executionARN(r),
				IPAddressType:            cmp.Or(r.Inputs.IPAddressType, "ipv4"),
				RouteSelectionExpression: cmp.Or(r.Inputs.RouteSelectionExpression, httpSelection),
			}
		},
	}
}

func executionARN(r store.Record[APIInputs]) string {
	return arn.New("execute-api", r.Region, r.Account, r.ID)
}

// httpSelection is the only route selection expression of HTTP APIs. It may
// also be written with braces.
const httpSelection = "$request.method $request.path"

// selectionForm matches the route selection expressions of WebSocket APIs that
// are supported here. AWS also allows several members, and other parts of a
// request
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-selection-expressions.html).
var selectionForm = regexp.MustCompile(`^\$request\.body\.\w[\w.-]*$|^\$\{request\.body\.\w[\w.-]*\}$`)

func checkAPI(in APIInputs) []provider.Problem {
	var problems provider.Problems
	switch in.ProtocolType {
	case protocolHTTP:
		if e := in.RouteSelectionExpression; e != "" && e != httpSelection && e != "${request.method} ${request.path}" {
			problems.Add("routeSelectionExpression", "an HTTP API selects routes by $request.method $request.path, not %q", e)
		}
	case protocolSocket:
		if e := in.RouteSelectionExpression; e != "" && !selectionForm.MatchString(e) {
			problems.Add("routeSelectionExpression", "the local cloud selects routes of a WebSocket API by a member of the message, such as $request.body.action, not %q", e)
		}
		if in.CORSConfiguration != nil {
			problems.Add("corsConfiguration", "a WebSocket API has no CORS settings: browsers connect from any origin, and the $connect route can check it")
		}
	case "": // unknown in a preview
	default:
		problems.Add("protocolType", "%q is neither HTTP nor WEBSOCKET", in.ProtocolType)
	}
	problems.MaxCharacters("name", in.Name, 128)
	problems.MaxCharacters("description", in.Description, 1024)
	problems.OneOf("ipAddressType", in.IPAddressType, "ipv4", "dualstack")
	if c := in.CORSConfiguration; c != nil {
		if c.AllowCredentials && slices.Contains(c.AllowOrigins, "*") {
			problems.Add("corsConfiguration.allowOrigins", "must not be * if allowCredentials is set")
		}
		problems.Within("corsConfiguration.maxAge", c.MaxAge, -1, 86400, "seconds")
	}
	return problems
}

// createAPI refuses a WebSocket API without a route selection expression.
// checkAPI cannot do that, because a preview may not know the expression.
func (a *APIs) createAPI(ctx context.Context, c provider.Call, r *store.Record[APIInputs]) error {
	if err := a.checkSelection(r); err != nil {
		return err
	}
	return a.markFirst(ctx, c, r)
}

func (a *APIs) checkSelection(r *store.Record[APIInputs]) error {
	if r.Inputs.ProtocolType == protocolSocket && r.Inputs.RouteSelectionExpression == "" {
		return awserr.New("BadRequestException", "a WebSocket API needs a routeSelectionExpression, such as $request.body.action")
	}
	return nil
}

// deleteAPI also deletes everything that belongs to the API, as AWS does.
func (a *APIs) deleteAPI(_ context.Context, _ provider.Call, r store.Record[APIInputs]) error {
	if err := a.checkUnmapped("API "+r.ID, func(m MappingInputs) bool { return m.APIID == r.ID }); err != nil {
		return err
	}
	id := func(id string) string { return id }
	return errors.Join(
		deleteOf(a.db, StageToken, func(in StageInputs) bool { return in.APIID == r.ID }, func(name string) string { return stageKey(name, StageInputs{APIID: r.ID}) }),
		deleteOf(a.db, DeploymentToken, func(in DeploymentInputs) bool { return in.APIID == r.ID }, id),
		deleteOf(a.db, RouteToken, func(in RouteInputs) bool { return in.APIID == r.ID }, id),
		deleteOf(a.db, AuthorizerToken, func(in AuthorizerInputs) bool { return in.APIID == r.ID }, id),
		deleteOf(a.db, IntegrationToken, func(in IntegrationInputs) bool { return in.APIID == r.ID }, id))
}

func deleteOf[In any](db *store.Store, token string, belongs func(In) bool, key func(id string) string) error {
	all, err := store.List[In](db, token)
	if err != nil {
		return err
	}
	for _, r := range all {
		if belongs(r.Inputs) {
			if err := store.Delete(db, token, key(r.ID)); err != nil {
				return err
			}
		}
	}
	return nil
}

// api returns the API that another resource names.
func (a *APIs) api(id string) (store.Record[APIInputs], error) {
	r, err := store.Get[APIInputs](a.db, APIToken, id)
	if err != nil {
		return r, awserr.New("NotFoundException", "API %s: %w", id, err)
	}
	return r, nil
}

// protocolOf returns the protocol of the API with an id, or "" while the API
// does not exist.
func (a *APIs) protocolOf(id string) string {
	r, err := store.Get[APIInputs](a.db, APIToken, id)
	if id == "" || err != nil {
		return ""
	}
	return r.Inputs.ProtocolType
}
