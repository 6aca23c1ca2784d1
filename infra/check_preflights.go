package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"skiff/lambdas"
)

// checkPreflights refuses a guarded route that takes the preflights of browsers:
// API Gateway answers them itself only where no route does, and a preflight has
// no token, so that such a route answers 401. The page's remedy is a public route
// for OPTIONS. Which of two routes of different paths has a preflight is not
// documented for ANY, so the remedy has the same path.
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
			advice := "declare " + remedy + " beside it, among the PublicRoutes of a function"
			if key == remedy {
				advice = "declare it among the PublicRoutes"
			}
			errs = append(errs, fmt.Errorf("function %s: the guarded route %s takes the preflights of the browsers that %s lets in, which have no token, and answers 401: %s",
				f.Name, key, cfg.key("corsOrigins"), advice))
		}
	}
	return errors.Join(errs...)
}

// preflightRoute is the route for the preflights that would otherwise be for
// another one, "" where that one takes none.
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
