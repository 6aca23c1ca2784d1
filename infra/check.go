package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// checkDeclaration refuses a declaration that could never work, or that AWS
// would refuse in the middle of an update.
func checkDeclaration(ctx *pulumi.Context, service lambdas.Service, cfg config) error {
	project, stack := ctx.Project(), ctx.Stack()
	return errors.Join(
		checkNames(project, stack, service),
		checkFunctions(service.Functions),
		checkQuotas(service.Functions),
		checkPreflights(service.Functions, cfg),
		checkStores(service),
		checkSources(service),
		checkRights(service, cfg.AttachTo != ""),
		checkDuties(service.Functions, cfg),
	)
}

// Quotas of one API. AWS does not raise the quota of integrations of an HTTP
// API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const (
	maxRoutes       = 300
	maxIntegrations = 300
)

func checkQuotas(functions []lambdas.Function) error {
	routes, integrations, sockets := 0, 0, 0
	for _, f := range functions {
		if n := len(f.HTTPRoutes()); n > 0 {
			routes, integrations = routes+n, integrations+1
		}
		sockets += len(f.SocketRoutes)
	}
	var errs []error
	if routes > maxRoutes {
		errs = append(errs, fmt.Errorf("%d routes are declared, but an HTTP API has at most %d; attach a second stack, or have AWS raise the quota and raise maxRoutes", routes, maxRoutes))
	}
	if integrations > maxIntegrations {
		errs = append(errs, fmt.Errorf("%d functions have routes, and each needs an integration, but an HTTP API has at most %d: put more routes into each function",
			integrations, maxIntegrations))
	}
	if sockets > maxRoutes {
		errs = append(errs, fmt.Errorf("%d WebSocket routes are declared, but a WebSocket API has at most %d; handle more actions in $default", sockets, maxRoutes))
	}
	return errors.Join(errs...)
}

// checkFunctions refuses route keys that API Gateway does not accept, duplicate
// routes, and functions whose policies would be too long.
func checkFunctions(functions []lambdas.Function) error {
	var errs []error
	owner := map[string]claim{}
	for _, f := range functions {
		errs = append(errs, checkRouteKeys(f, owner), checkSizes(f))
	}
	return errors.Join(errs...)
}

// claim is a route key with the function that declares it.
type claim struct{ function, key string }

// checkRouteKeys refuses invalid route keys, and routes that another function
// declares too.
func checkRouteKeys(f lambdas.Function, owner map[string]claim) error {
	var errs []error
	for _, key := range f.HTTPRoutes() {
		if !routeKey.MatchString(key) {
			errs = append(errs, fmt.Errorf("function %s: route %q must be a method and a path, such as GET /items/{id}", f.Name, key))
			continue
		}
		if other, taken := owner[shape(key)]; taken {
			errs = append(errs, other.conflict(claim{f.Name, key}))
		}
		owner[shape(key)] = claim{f.Name, key}
	}
	for _, key := range f.SocketRoutes {
		if !socketKey.MatchString(key) {
			errs = append(errs, fmt.Errorf("function %s: WebSocket route %q must be $connect, $disconnect, $default or an action, 1 to 128 of A-Z a-z 0-9 _ . -", f.Name, key))
			continue
		}
		name := socketRouteName(key) // keeps the $default of the two APIs apart
		if other, taken := owner[name]; taken {
			errs = append(errs, fmt.Errorf("functions %[2]s and %[3]s declare the WebSocket route %[1]s; a route has one function", key, other.function, f.Name))
		}
		owner[name] = claim{f.Name, key}
	}
	return errors.Join(errs...)
}

// conflict returns the error for two declarations of one route.
func (c claim) conflict(other claim) error {
	if c.key == other.key {
		return fmt.Errorf("functions %[2]s and %[3]s declare the route %[1]s; a route has one function", c.key, c.function, other.function)
	}
	return fmt.Errorf("the routes %s of %s and %s of %s are the same route for API Gateway, which ignores the names of variables: remove one, or give it another path",
		c.key, c.function, other.key, other.function)
}

// routeKey matches the route keys of an HTTP API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
var routeKey = regexp.MustCompile(`^((ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /\S*|\$default)$`)

// socketKey matches the route keys of a WebSocket API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
var socketKey = regexp.MustCompile(`^(\$(connect|disconnect|default)|[A-Za-z0-9_.-]{1,128})$`)

// checkDuties refuses a declaration without exactly one authorizer, if a route
// needs one. It also refuses a function with two kinds of work that one
// function cannot do.
func checkDuties(functions []lambdas.Function, cfg config) error {
	var errs []error
	authorizers, attached := 0, cfg.AttachTo != ""
	for _, f := range functions {
		called := len(f.HTTPRoutes())+len(f.SocketRoutes) > 0
		if f.Authorizes {
			authorizers++
			if called {
				errs = append(errs, fmt.Errorf("function %s authorizes and has routes, but API Gateway sends different events for the two: split it", f.Name))
			}
		}
		if attached && len(f.SocketRoutes) > 0 && (len(f.HTTPRoutes()) > 0 || f.Consumes != "" || f.Follows != "" || f.Schedule != "") {
			errs = append(errs, fmt.Errorf("function %s has WebSocket routes and other work; a stack with %s does not deploy WebSocket routes: split the function", f.Name, cfg.key("attachTo")))
		}
	}
	asked := hasSockets(functions) || hasGuarded(functions) && cfg.Issuer == ""
	if authorizers > 1 || authorizers == 0 && asked && !attached {
		errs = append(errs, fmt.Errorf("%d functions authorize, but exactly one must: routes require a token unless they are public", authorizers))
	}
	return errors.Join(errs...)
}
