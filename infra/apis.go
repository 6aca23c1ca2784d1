package main

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// apis are the ways in: requests, and clients that stay connected. A stack has
// APIs of its own, or adds its routes to those of another stack.
type apis interface {
	// places are where functions find the WebSocket clients.
	places() places
	// connect leads the routes to the functions, past a guard, and returns what
	// others may know of the APIs, and what publish publishes.
	connect(s *stack, fns []*function) (*known, *routes, error)
	// publish makes the routes answer, also at the domains. It comes after all
	// that is before it, so that a destroy begins with it.
	publish(s *stack, r *routes, names *domains, before []pulumi.Resource) error
}

// known is what alarms, outputs and other stacks know of the APIs.
type known struct {
	own              bool // the APIs belong to this stack, which watches them and publishes facts
	id, executionARN pulumi.StringInput
	url              pulumi.StringInput // what requests begin with, without a slash at its end
	stage, accessLog pulumi.StringInput // names
	autoDeploy       pulumi.StringInput // true or false
	guard            *authorizer        // nil: every route is public
	clients          *clients           // nil: there is no WebSocket API
}

// clients is where the clients of a WebSocket API are.
type clients struct {
	url     pulumi.StringInput // that they connect to
	postURL pulumi.StringInput // that functions post to
	postARN pulumi.StringInput // of all connections, as rights to post are on
}

// routes are what connect has declared, for publish.
type routes struct {
	http, sockets published
	permissions   []pulumi.Resource // to ask the function that authorizes
}

// published is what a stage makes available.
type published struct {
	waitFor  []pulumi.Resource
	snapshot []any // outputs: what a deployment copies
}

// and returns both together.
func (p published) and(more published) published {
	return published{slices.Concat(p.waitFor, more.waitFor), slices.Concat(p.snapshot, more.snapshot)}
}

// openAPIs declares the APIs, or finds those of the other stack. They have no
// routes yet: the functions bring them.
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

// places are where messages to the clients are posted.
func (c *clients) places() places {
	if c == nil {
		return nil
	}
	return places{lambdas.Resource{Clients: true}: {arn: c.postARN, variables: pulumi.StringMap{names.ConnectionsURLVariable: c.postURL}}}
}
