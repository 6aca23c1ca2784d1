package main

import (
	"errors"
	"fmt"
	"regexp"

	"skiff/lambdas"
)

// Quotas of one API. That of an HTTP API's integrations cannot be raised.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const (
	maxRoutes       = 300
	maxIntegrations = 300
)

// check refuses a declaration that AWS would refuse half way through an update,
// or that would never work. Attached tells that routes are guarded by the
// authorizer of another stack.
func check(project, stack string, functions []lambdas.Function, attached bool) error {
	owner, seen := map[string]claim{}, map[string]bool{}
	routes, integrations, sockets := 0, 0, 0
	for _, f := range functions {
		if !validName(f.Name) {
			return fmt.Errorf("function %q: a name has 1 to 32 of a-z 0-9 -, and begins with a letter", f.Name)
		}
		if seen[f.Name] {
			return fmt.Errorf("function %s is declared twice", f.Name)
		}
		seen[f.Name] = true
		keys := append(append([]string(nil), f.Routes...), f.PublicRoutes...)
		if routes += len(keys); len(keys) > 0 {
			integrations++
		}
		sockets += len(f.SocketRoutes)
		err := errors.Join(checkLength(project, stack, f.Name), checkRouteKeys(f.Name, keys, f.SocketRoutes, owner), checkRights(f), checkSizes(f))
		if err != nil {
			return err
		}
	}
	return errors.Join(checkQuotas(routes, integrations, sockets), checkDuties(functions, attached))
}

func checkQuotas(routes, integrations, sockets int) error {
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

// checkRouteKeys refuses route keys that are none, and those of another function.
func checkRouteKeys(function string, http, sockets []string, owner map[string]claim) error {
	for _, key := range http {
		if !validRouteKey(key) {
			return fmt.Errorf("function %s: route %q must be a method and a path, such as GET /items/{id}", function, key)
		}
	}
	for _, key := range sockets {
		if !validSocketKey(key) {
			return fmt.Errorf("function %s: WebSocket route %q must be $connect, $disconnect, $default or an action, 1 to 128 of A-Z a-z 0-9 _ . -", function, key)
		}
	}
	for _, key := range http {
		name := shape(key)
		if other, taken := owner[name]; taken {
			return other.conflict(claim{function, key})
		}
		owner[name] = claim{function, key}
	}
	for _, key := range sockets {
		name := socketRouteName(key) // each API may have a $default
		if other, taken := owner[name]; taken {
			return fmt.Errorf("WebSocket route %s is declared by %s and by %s; a route has one function", key, other.function, function)
		}
		owner[name] = claim{function, key}
	}
	return nil
}

// claim is a route key and the function that declares it.
type claim struct{ function, key string }

// conflict refuses a second claim to one route.
func (c claim) conflict(other claim) error {
	if c.key == other.key {
		return fmt.Errorf("route %s is declared by %s and by %s; a route has one function", c.key, c.function, other.function)
	}
	return fmt.Errorf("the routes %s of %s and %s of %s are one to API Gateway, which does not look at the names of variables: remove one, or give it another path",
		c.key, c.function, other.key, other.function)
}

// checkDuties refuses a declaration in which the one authorizer is missing, or
// several functions do the work of one.
func checkDuties(functions []lambdas.Function, attached bool) error {
	authorizers, workers := 0, 0
	for _, f := range functions {
		if f.Authorizes {
			authorizers++
			if len(f.Routes)+len(f.PublicRoutes)+len(f.SocketRoutes) > 0 {
				return fmt.Errorf("function %s authorizes and has routes; API Gateway calls it in another way for each", f.Name)
			}
		}
		if f.Consumes {
			workers++
		}
		if attached && len(f.SocketRoutes) > 0 && (len(f.Routes)+len(f.PublicRoutes) > 0 || f.Consumes) {
			return fmt.Errorf("function %s has WebSocket routes, which a stack with skiff:attachTo leaves to the other one, and more to do: split it", f.Name)
		}
	}
	switch {
	case authorizers > 1 || authorizers == 0 && !attached:
		return fmt.Errorf("%d functions authorize, and it takes one: routes are guarded unless they are public", authorizers)
	case workers > 1:
		return fmt.Errorf("%d functions consume the queue, and each would miss what another one takes", workers)
	}
	return nil
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

// validSocketKey tells whether a WebSocket API takes the route key.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
func validSocketKey(key string) bool {
	return regexp.MustCompile(`^(\$(connect|disconnect|default)|[A-Za-z0-9_.-]{1,128})$`).MatchString(key)
}
