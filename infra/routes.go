package main

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newRoutes declares the routes of the HTTP API.
func newRoutes(s *stack, k *apiInfo, fns []*function) (all routeSet, err error) {
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

// newRoutes declares the routes of one function. All routes share one
// integration, because an API has at most 300 of them. They share one
// permission, because a function's resource policy has at most 20 KB. A route
// requires a token unless it is declared public.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func (f *function) newRoutes(s *stack, k *apiInfo) (own routeSet, err error) {
	integration, err := apigatewayv2.NewIntegration(s.ctx, f.Name, &apigatewayv2.IntegrationArgs{
		ApiId:                k.id,
		IntegrationType:      pulumi.String("AWS_PROXY"),
		IntegrationUri:       f.lambda.InvokeArn,
		PayloadFormatVersion: pulumi.String("2.0"),
		TimeoutMilliseconds:  pulumi.Int(30_000), // the maximum: the function's own timeout is shorter
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
			args.AuthorizationType, args.AuthorizerId = k.authorizer.kind.ToStringOutput(), k.authorizer.id
		}
		route, err := apigatewayv2.NewRoute(s.ctx, shape(key), args, pulumi.Parent(f), formerly(key))
		if err != nil {
			return own, err
		}
		own = own.and(routeSet{[]pulumi.Resource{route}, snapshot(args)})
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

// pathVariable matches a variable in a route's path. The + of a greedy variable
// is the submatch.
var pathVariable = regexp.MustCompile(`\{[^{}+]*(\+?)\}`)

// shape returns a route key without the names of its variables. API Gateway
// ignores these names: it refuses a second route of the same shape. The shape
// is the logical name, so a renamed variable changes the route in place.
func shape(key string) string { return pathVariable.ReplaceAllString(key, "{$1}") }

// snapshot lists the properties of a route that a deployment freezes. It uses
// the program's inputs: in a preview an output that the provider omits is
// unknown, and the deployment would seem to change.
func snapshot(route *apigatewayv2.RouteArgs) []any {
	frozen := []any{route.RouteKey, route.Target, route.AuthorizationType}
	if route.AuthorizerId != nil {
		frozen = append(frozen, route.AuthorizerId)
	}
	return frozen
}

// sourcePattern returns the end of the ARN with which API Gateway calls a
// function: METHOD/path, with the path as declared. For several routes it
// returns the narrowest pattern that covers them all and has one star in the
// path.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func sourcePattern(keys []string) string {
	method, path := source(keys[0])
	for _, key := range keys[1:] {
		m, p := source(key)
		if path == "" || p == "" {
			return "*" // $default has no path
		}
		if m != method {
			method = "*"
		}
		path = cover(path, p)
	}
	return method + path
}

// source splits a route key into the method and the path of its ARN. For ANY
// the method is "*", because the ARN contains the method of the request.
// $default has no path.
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
