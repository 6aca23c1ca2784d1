package main

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newRoutes leads the routes of the HTTP API to the functions.
func newRoutes(s *stack, k *known, fns []*function) (all published, err error) {
	for _, f := range fns {
		if len(f.HTTPRoutes()) == 0 {
			continue
		}
		own, err := f.newRoutes(s, k)
		if err != nil {
			return all, err
		}
		all = all.and(own)
	}
	return all, nil
}

// newRoutes declares one integration for all routes of the function, of which
// an API has 300 at most, and one permission, for a function's resource policy
// has 20 KB. A route is guarded unless it is declared public.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func (f *function) newRoutes(s *stack, k *known) (own published, err error) {
	integration, err := apigatewayv2.NewIntegration(s.ctx, f.Name, &apigatewayv2.IntegrationArgs{
		ApiId:                k.id,
		IntegrationType:      pulumi.String("AWS_PROXY"),
		IntegrationUri:       f.lambda.InvokeArn,
		PayloadFormatVersion: pulumi.String("2.0"),
		TimeoutMilliseconds:  pulumi.Int(30_000), // the most there is: the function's own comes first
	}, pulumi.Parent(f))
	if err != nil {
		return own, err
	}
	own.snapshot = []any{integration.ID(), integration.IntegrationUri, integration.PayloadFormatVersion, integration.TimeoutMilliseconds}
	for i, key := range f.HTTPRoutes() {
		args := &apigatewayv2.RouteArgs{
			ApiId:             k.id,
			RouteKey:          pulumi.String(key),
			Target:            pulumi.Sprintf("integrations/%s", integration.ID()),
			AuthorizationType: pulumi.String("NONE"),
		}
		if i < len(f.Routes) {
			args.AuthorizationType, args.AuthorizerId = k.guard.kind.ToStringOutput(), k.guard.id
		}
		route, err := apigatewayv2.NewRoute(s.ctx, shape(key), args, pulumi.Parent(f), formerly(key))
		if err != nil {
			return own, err
		}
		own = own.and(published{[]pulumi.Resource{route}, snapshot(args)})
	}
	permission, err := lambda.NewPermission(s.ctx, f.Name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  f.lambda.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/%s/%s", k.executionARN, k.stage, sourcePattern(f.HTTPRoutes())),
	}, pulumi.Parent(f))
	own.waitFor = append(own.waitFor, permission)
	return own, err
}

// pathVariable is a variable of a route's path, with the sign that lets it take
// the rest of the path.
var pathVariable = regexp.MustCompile(`\{[^{}+]*(\+?)\}`)

// shape is a route key without the names of its variables, by which API Gateway
// tells routes apart: it takes no second route of one shape. So it is the
// logical name, and a renamed variable changes the route in place.
func shape(key string) string { return pathVariable.ReplaceAllString(key, "{$1}") }

// snapshot lists the properties of a route that a deployment freezes. It uses the
// program's inputs: an output that the provider leaves out is unknown in every
// preview, and the deployment would seem to change.
func snapshot(route *apigatewayv2.RouteArgs) []any {
	frozen := []any{route.RouteKey, route.Target, route.AuthorizationType}
	if route.AuthorizerId != nil {
		frozen = append(frozen, route.AuthorizerId)
	}
	return frozen
}

// sourcePattern is the end of the ARN that API Gateway calls a function by,
// METHOD/path with the path as it is declared. For several routes it is the
// narrowest pattern with one star in the path that covers them all.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func sourcePattern(keys []string) string {
	method, path := source(keys[0])
	for _, key := range keys[1:] {
		m, p := source(key)
		if path == "" || p == "" {
			return "*" // the catch-all has nothing in common with a path
		}
		if m != method {
			method = "*"
		}
		path = cover(path, p)
	}
	return method + path
}

// source splits a route key into the method and path of its ARN. A route for
// any method is called by the one of the request; the catch-all has none.
func source(key string) (method, path string) {
	method, path, ok := strings.Cut(key, " ")
	switch {
	case !ok:
		return key, ""
	case method == "ANY":
		method = "*"
	}
	return method, path
}

// cover returns the narrowest pattern with at most one star that covers both.
func cover(a, b string) string {
	if a == b {
		return a
	}
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] && a[head] != '*' {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] && a[len(a)-1-tail] != '*' {
		tail++
	}
	return a[:head] + "*" + a[len(a)-tail:]
}
