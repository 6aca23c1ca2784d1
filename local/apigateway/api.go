package apigateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"skiff/local/arn"
	"skiff/local/provider"
	"skiff/local/store"
)

// Tokens of the resource types of this package.
const (
	APIToken         = "aws:apigatewayv2/api:Api"
	IntegrationToken = "aws:apigatewayv2/integration:Integration"
	RouteToken       = "aws:apigatewayv2/route:Route"
	DeploymentToken  = "aws:apigatewayv2/deployment:Deployment"
	StageToken       = "aws:apigatewayv2/stage:Stage"
)

// APIInputs is the inputs of an API. Only HTTP APIs are held, without quick
// create, OpenAPI bodies and mutual TLS.
type APIInputs struct {
	Name                     string            `json:"name,omitempty"`
	ProtocolType             string            `json:"protocolType" aws:"required,replace"`
	Description              string            `json:"description,omitempty"`
	Version                  string            `json:"version,omitempty"`
	CORSConfiguration        *CORSInputs       `json:"corsConfiguration,omitempty"`
	RouteSelectionExpression string            `json:"routeSelectionExpression,omitempty"`
	Tags                     map[string]string `json:"tags,omitempty"`
}

// CORSInputs is the CORS settings of an API; MaxAge is in seconds.
type CORSInputs struct {
	AllowCredentials bool     `json:"allowCredentials,omitempty"`
	AllowHeaders     []string `json:"allowHeaders,omitempty"`
	AllowMethods     []string `json:"allowMethods,omitempty"`
	AllowOrigins     []string `json:"allowOrigins,omitempty"`
	ExposeHeaders    []string `json:"exposeHeaders,omitempty"`
	MaxAge           int      `json:"maxAge,omitempty"`
}

// APIOutputs is what AWS adds to an API.
type APIOutputs struct {
	APIEndpoint              string `json:"apiEndpoint"`
	ARN                      string `json:"arn"`
	ExecutionARN             string `json:"executionArn"`
	RouteSelectionExpression string `json:"routeSelectionExpression"`
}

// APIs are the declared APIs.
type APIs struct {
	db   *store.Store
	base string // URL of the gateway, without a path
	root Root
	deployed
}

// Root tells which stack's API answers at the gateway's own address.
type Root struct{ Project, Stack string }

// NewAPIs holds the APIs of db. The gateway that serves them is at base, such
// as http://127.0.0.1:8080, and the API of root answers there without a
// prefix.
func NewAPIs(db *store.Store, base string, root Root) *APIs {
	return &APIs{db: db, base: base, root: root}
}

func (a *APIs) apis() *provider.Resource[APIInputs, APIOutputs] {
	return &provider.Resource[APIInputs, APIOutputs]{
		Token: APIToken, Named: "name", MaxName: 128, Exclusive: true,
		Check:  checkAPI,
		Create: a.markFirst,
		Delete: a.deleteAPI,
		Describe: func(r store.Record[APIInputs]) APIOutputs {
			return APIOutputs{
				APIEndpoint:              a.endpoint(r),
				ARN:                      arn.New("apigateway", r.Region, "", "/apis/"+r.ID),
				ExecutionARN:             executionARN(r),
				RouteSelectionExpression: "$request.method $request.path",
			}
		},
	}
}

func executionARN(r store.Record[APIInputs]) string {
	return arn.New("execute-api", r.Region, r.Account, r.ID)
}

// prefix is the path below which every API answers, whoever has the root. AWS
// gives each API a host name instead, which a machine without its own DNS
// cannot.
const prefix = "/_apis/"

// endpoint is the URL of an API on this machine.
func (a *APIs) endpoint(r store.Record[APIInputs]) string {
	if a.rootID() == r.ID {
		return a.base
	}
	return a.base + prefix + r.ID
}

// first marks the API of a stack that was there before its others. It keeps
// the root, or their URLs would lead elsewhere than when they were told.
const first = "first"

// markFirst marks an API that is its stack's only one, or replaces that.
func (a *APIs) markFirst(_ context.Context, _ provider.Call, r *store.Record[APIInputs]) error {
	all, err := store.List[APIInputs](a.db, APIToken)
	if err != nil {
		return err
	}
	for _, other := range all {
		if stackOf(other.URN) == stackOf(r.URN) && other.URN != r.URN && other.State[first] != "" {
			return nil
		}
	}
	r.State[first] = "yes"
	return nil
}

// stackOf is the part of a URN that tells stack and project.
func stackOf(urn string) string {
	parts := strings.SplitN(urn, "::", 3)
	return strings.Join(parts[:min(2, len(parts))], "::")
}

// rootID is the API of the root's stack that was first, or the newest of its
// successors: while one replaces another, both are there. It is "" where the
// stack has none.
func (a *APIs) rootID() string {
	all, err := store.List[APIInputs](a.db, APIToken)
	if err != nil {
		return ""
	}
	var root store.Record[APIInputs]
	for _, r := range all {
		if stackOf(r.URN) != "urn:pulumi:"+a.root.Stack+"::"+a.root.Project {
			continue
		}
		isFirst, wasFirst := r.State[first] != "", root.State[first] != ""
		if root.ID == "" || isFirst && !wasFirst || isFirst == wasFirst && r.Created.After(root.Created) {
			root = r
		}
	}
	return root.ID
}

func checkAPI(in APIInputs) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	if in.ProtocolType != "" && in.ProtocolType != "HTTP" {
		refuse("protocolType", "the local cloud holds HTTP APIs, not %q", in.ProtocolType)
	}
	if n := utf8.RuneCountInString(in.Name); n > 128 {
		refuse("name", "has %d characters; at most 128", n)
	}
	if n := utf8.RuneCountInString(in.Description); n > 1024 {
		refuse("description", "has %d characters; at most 1024", n)
	}
	if e := in.RouteSelectionExpression; e != "" && e != "$request.method $request.path" && e != "${request.method} ${request.path}" {
		refuse("routeSelectionExpression", "an HTTP API selects routes by $request.method $request.path, not %q", e)
	}
	if c := in.CORSConfiguration; c != nil {
		if c.AllowCredentials && slices.Contains(c.AllowOrigins, "*") {
			refuse("corsConfiguration.allowOrigins", "may not be * where allowCredentials is set")
		}
		if c.MaxAge < -1 || c.MaxAge > 86400 {
			refuse("corsConfiguration.maxAge", "%d is not within -1 to 86400 seconds", c.MaxAge)
		}
	}
	return problems
}

// deleteAPI takes along what belongs to the API, as AWS does.
func (a *APIs) deleteAPI(_ context.Context, _ provider.Call, r store.Record[APIInputs]) error {
	id := func(id string) string { return id }
	return errors.Join(
		deleteOf(a.db, StageToken, func(in StageInputs) bool { return in.APIID == r.ID }, func(name string) string { return stageKey(name, StageInputs{APIID: r.ID}) }),
		deleteOf(a.db, DeploymentToken, func(in DeploymentInputs) bool { return in.APIID == r.ID }, id),
		deleteOf(a.db, RouteToken, func(in RouteInputs) bool { return in.APIID == r.ID }, id),
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

// api finds the API that another resource names.
func (a *APIs) api(id string) (store.Record[APIInputs], error) {
	r, err := store.Get[APIInputs](a.db, APIToken, id)
	if err != nil {
		return r, fmt.Errorf("NotFoundException: API %s: %w", id, err)
	}
	return r, nil
}
