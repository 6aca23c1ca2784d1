package main

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// maxRoutes is AWS's quota of routes in one HTTP API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maxRoutes = 300

// newAPI declares the HTTP API. It has no routes of its own: the functions
// bring them.
func newAPI(ctx *pulumi.Context, in pulumi.ResourceOption) (*apigatewayv2.Api, error) {
	return apigatewayv2.NewApi(ctx, "api", &apigatewayv2.ApiArgs{ProtocolType: pulumi.String("HTTP")}, in)
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

// validRouteKey tells whether an HTTP API takes the route key.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
func validRouteKey(key string) bool {
	return regexp.MustCompile(`^((ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /\S*|\$default)$`).MatchString(key)
}

// validName leaves room for the project and the stack in the 64 characters
// that Lambda and IAM have for a name.
func validName(name string) bool {
	return regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`).MatchString(name)
}
