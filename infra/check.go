package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// check refuses a declaration that AWS would refuse half way through an update,
// or that would never work.
func check(ctx *pulumi.Context, service lambdas.Service, cfg config) error {
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

// Quotas of one API. The one of an HTTP API's integrations cannot be raised.
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
		errs = append(errs, fmt.Errorf("%d routes are declared, and an HTTP API has %d at most; attach a second stack, or ask AWS for more and raise maxRoutes", routes, maxRoutes))
	}
	if integrations > maxIntegrations {
		errs = append(errs, fmt.Errorf("%d functions have routes, which is as many integrations, and an HTTP API has %d at most: give functions more routes each",
			integrations, maxIntegrations))
	}
	if sockets > maxRoutes {
		errs = append(errs, fmt.Errorf("%d WebSocket routes are declared, and a WebSocket API has %d at most; let $default tell more of them apart", sockets, maxRoutes))
	}
	return errors.Join(errs...)
}

// checkFunctions refuses route keys that API Gateway does not take, or that two
// functions declare, and functions that are too large.
func checkFunctions(functions []lambdas.Function) error {
	var errs []error
	owner := map[string]claim{}
	for _, f := range functions {
		errs = append(errs, checkRouteKeys(f, owner), checkSizes(f))
	}
	return errors.Join(errs...)
}

// claim is a route key and the function that declares it.
type claim struct{ function, key string }

// checkRouteKeys refuses route keys that are none, and those of another function.
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
		name := socketRouteName(key) // each API may have a $default
		if other, taken := owner[name]; taken {
			errs = append(errs, fmt.Errorf("WebSocket route %s is declared by %s and by %s; a route has one function", key, other.function, f.Name))
		}
		owner[name] = claim{f.Name, key}
	}
	return errors.Join(errs...)
}

// conflict refuses a second claim to one route.
func (c claim) conflict(other claim) error {
	if c.key == other.key {
		return fmt.Errorf("route %s is declared by %s and by %s; a route has one function", c.key, c.function, other.function)
	}
	return fmt.Errorf("the routes %s of %s and %s of %s are one to API Gateway, which does not look at the names of variables: remove one, or give it another path",
		c.key, c.function, other.key, other.function)
}

// routeKey is what an HTTP API takes.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
var routeKey = regexp.MustCompile(`^((ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /\S*|\$default)$`)

// socketKey is what a WebSocket API takes.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
var socketKey = regexp.MustCompile(`^(\$(connect|disconnect|default)|[A-Za-z0-9_.-]{1,128})$`)

// checkDuties refuses a declaration in which the one authorizer is missing, or
// one function has two kinds of work that do not go together.
func checkDuties(functions []lambdas.Function, cfg config) error {
	var errs []error
	authorizers, attached := 0, cfg.AttachTo != ""
	for _, f := range functions {
		called := len(f.HTTPRoutes())+len(f.SocketRoutes) > 0
		if f.Authorizes {
			authorizers++
			if called {
				errs = append(errs, fmt.Errorf("function %s authorizes and has routes; API Gateway calls it in another way for each", f.Name))
			}
		}
		if attached && len(f.SocketRoutes) > 0 && (len(f.HTTPRoutes()) > 0 || f.Consumes != "" || f.Follows != "" || f.Schedule != "") {
			errs = append(errs, fmt.Errorf("function %s has WebSocket routes, which a stack with %s leaves to the other one, and more to do: split it", f.Name, cfg.key("attachTo")))
		}
	}
	asked := hasSockets(functions) || hasGuarded(functions) && cfg.Issuer == ""
	if authorizers > 1 || authorizers == 0 && asked && !attached {
		errs = append(errs, fmt.Errorf("%d functions authorize, and it takes one: routes are guarded unless they are public", authorizers))
	}
	return errors.Join(errs...)
}
