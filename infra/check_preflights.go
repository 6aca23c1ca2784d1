package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"skiff/lambdas"
)

// checkPreflights refuses a route that requires a token and receives the
// preflight requests of browsers. API Gateway answers preflights itself only if
// no route matches them. A preflight has no token, so the route would answer
// 401. AWS's advice is a public route for OPTIONS.
//
// For an ANY route, AWS does not document which of two routes with different
// paths gets a preflight. So the advice names the same path.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
func checkPreflights(functions []lambdas.Function, cfg config) error {
	if len(cfg.CORSOrigins) == 0 {
		return nil
	}
	var public []string
	for _, f := range functions {
		for _, key := range f.PublicRoutes {
			public = append(public, shape(key))
		}
	}
	var errs []error
	for _, f := range functions {
		for _, key := range f.Routes {
			remedy := preflightRoute(key)
			if remedy == "" || slices.Contains(public, shape(remedy)) {
				continue
			}
			advice := "declare " + remedy + " in the PublicRoutes of a function, too"
			if key == remedy {
				advice = "move it to the PublicRoutes"
			}
			errs = append(errs, fmt.Errorf("function %s: the route %s requires a token, but %s allows preflight requests, which have none and would get 401: %s",
				f.Name, key, cfg.key("corsOrigins"), advice))
		}
	}
	return errors.Join(errs...)
}

// preflightRoute returns the key of the OPTIONS route for the preflights that
// the route would otherwise receive. It returns "" if the route receives none.
func preflightRoute(key string) string {
	method, path, _ := strings.Cut(key, " ")
	switch method {
	case "$default":
		return "OPTIONS /{proxy+}"
	case "ANY", "OPTIONS":
		return "OPTIONS " + path
	}
	return ""
}
