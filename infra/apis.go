package main

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// apis declares the HTTP API and the WebSocket API, or adds routes to the APIs
// of a host stack.
type apis interface {
	// places returns the places of the WebSocket clients and of their table.
	places() places
	// addRoutes declares the routes of the functions and their authorizers. It
	// returns what other resources need to know about the APIs, and the input
	// of publish.
	addRoutes(s *stack, fns []*function) (*apiInfo, *routes, error)
	// publish declares the stages and maps the domains to them. These resources
	// depend on all others, so a destroy deletes them first.
	publish(s *stack, r *routes, d *domains, waitFor []pulumi.Resource) error
}

// apiInfo describes the APIs to alarms, outputs and other stacks.
type apiInfo struct {
	own              bool // this stack owns the APIs: it has alarms on them and publishes facts about them
	id, executionARN pulumi.StringInput
	url              pulumi.StringInput // of the API, without a slash at the end
	stage, accessLog pulumi.StringInput // names
	autoDeploy       pulumi.StringInput // "true" or "false"
	authorizer       *authorizer        // nil: every route is public
	clients          *clients           // nil: there is no WebSocket API
}

// clients holds the addresses of a WebSocket API.
type clients struct {
	url     pulumi.StringInput // where clients connect
	postURL pulumi.StringInput // where functions post messages to clients
	postARN pulumi.StringInput // of all connections, for the right to post
}

// routes is the result of addRoutes and the input of publish.
type routes struct {
	http, sockets routeSet
	permissions   []pulumi.Resource // let API Gateway call the function that authorizes
}

// routeSet holds the routes of one API.
type routeSet struct {
	waitFor  []pulumi.Resource // resources that the stage depends on
	snapshot []any             // outputs: the properties that a deployment freezes
}

// and returns the routes of both.
func (p routeSet) and(more routeSet) routeSet {
	return routeSet{slices.Concat(p.waitFor, more.waitFor), slices.Concat(p.snapshot, more.snapshot)}
}

// openAPIs declares the APIs, or looks up the APIs of the host stack. addRoutes
// adds the routes once the functions exist.
func openAPIs(s *stack, service parts, tokens *issuer) (apis, error) {
	if s.cfg.AttachTo != "" {
		return readAPIs(s, service)
	}
	http, err := newAPI(s)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	own := &ownAPIs{tokens: tokens, http: http}
	if hasSockets(service.Functions) {
		if own.sockets, err = newSockets(s); err != nil {
			return nil, fmt.Errorf("sockets: %w", err)
		}
	}
	return own, nil
}

// places returns the place of the clients. Functions get the URL to post to.
func (c *clients) places() places {
	if c == nil {
		return nil
	}
	return places{lambdas.Resource{Clients: true}: {arn: c.postARN, variables: pulumi.StringMap{names.ConnectionsURLVariable: c.postURL}}}
}
