package main

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newRoutes gives the functions their places in the API.
func newRoutes(ctx *pulumi.Context, api *httpAPI, guard *authorizer, fns []*function) error {
	for _, f := range fns {
		if err := f.newRoutes(ctx, api, guard); err != nil {
			return err
		}
	}
	return nil
}

// newRoutes declares one integration for all routes of the function, of which
// an API has 300 at most, and one permission, for a function's resource policy
// has 20 KB. A route is guarded unless it is declared public.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func (f *function) newRoutes(ctx *pulumi.Context, api *httpAPI, guard *authorizer) error {
	keys := append(append([]string(nil), f.declared.Routes...), f.declared.PublicRoutes...)
	if len(keys) == 0 {
		return nil
	}
	integration, err := apigatewayv2.NewIntegration(ctx, f.declared.Name, &apigatewayv2.IntegrationArgs{
		ApiId:                api.id,
		IntegrationType:      pulumi.String("AWS_PROXY"),
		IntegrationUri:       f.lambda.InvokeArn,
		PayloadFormatVersion: pulumi.String("2.0"),
		TimeoutMilliseconds:  pulumi.Int(30_000), // the most there is: the function's own comes first
	}, pulumi.Parent(f))
	if err != nil {
		return err
	}
	f.published = append(f.published, integration.ID(), integration.IntegrationUri, integration.PayloadFormatVersion, integration.TimeoutMilliseconds)
	for i, key := range keys {
		args := &apigatewayv2.RouteArgs{
			ApiId:             api.id,
			RouteKey:          pulumi.String(key),
			Target:            pulumi.Sprintf("integrations/%s", integration.ID()),
			AuthorizationType: pulumi.String("NONE"),
		}
		if i < len(f.declared.Routes) {
			args.AuthorizationType, args.AuthorizerId = pulumi.String(guard.kind), guard.id
		}
		route, err := apigatewayv2.NewRoute(ctx, shape(key), args, pulumi.Parent(f), formerly(key))
		if err != nil {
			return err
		}
		f.parts = append(f.parts, route)
		f.published = append(f.published, copied(args)...)
	}
	permission, err := lambda.NewPermission(ctx, f.declared.Name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  f.lambda.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/%s/%s", api.executionARN, api.stage, sourcePattern(keys)),
	}, pulumi.Parent(f))
	f.parts = append(f.parts, permission)
	return err
}

// pathVariable is a variable of a route's path, with the sign that lets it take
// the rest of the path.
var pathVariable = regexp.MustCompile(`\{[^{}+]*(\+?)\}`)

// shape is a route key without the names of its variables, by which API Gateway
// tells routes apart: it takes no second route of one shape. So it is the
// logical name, and a renamed variable changes the route in place.
func shape(key string) string { return pathVariable.ReplaceAllString(key, "{$1}") }

// copied is what a deployment copies of a route. It is told by what the program
// says of the route: what the provider leaves out of its answer would be unknown
// in every preview, and the deployment would seem to change.
func copied(route *apigatewayv2.RouteArgs) []any {
	parts := []any{route.RouteKey, route.Target, route.AuthorizationType}
	if route.AuthorizerId != nil {
		parts = append(parts, route.AuthorizerId)
	}
	return parts
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
