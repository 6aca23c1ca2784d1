package main

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// apis are the ways in: requests, and clients that stay connected.
type apis struct {
	http    *httpAPI
	sockets *socketAPI
	owner   *sharing // what the stack tells that this one is attached to; nil for APIs of one's own
}

func newAPIs(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, owner *sharing) (*apis, error) {
	http, err := newAPI(ctx, cfg, in, owner)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	sockets, err := newSockets(ctx, in, owner)
	if err != nil {
		return nil, fmt.Errorf("sockets: %w", err)
	}
	return &apis{http, sockets, owner}, nil
}

// connect leads the routes of both APIs to the functions, past a guard, and
// returns that of the HTTP API with what else is declared. A stack that is
// attached to another one has no routes but those of the HTTP API.
func (a *apis) connect(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, fns []*function) (*authorizer, []pulumi.Resource, error) {
	if a.owner != nil {
		guard := &authorizer{a.owner.AuthorizationType, pulumi.String(a.owner.AuthorizerID)}
		return guard, nil, newRoutes(ctx, a.http, guard, fns)
	}
	by, err := authorizerOf(fns)
	if err != nil {
		return nil, nil, err
	}
	guard, err := newGuard(ctx, cfg, in, a.http, by)
	if err != nil {
		return nil, nil, fmt.Errorf("authorizer: %w", err)
	}
	if err := newRoutes(ctx, a.http, guard, fns); err != nil {
		return nil, nil, fmt.Errorf("routes: %w", err)
	}
	socketGuard, err := newSocketGuard(ctx, in, a.sockets.own, by)
	if err != nil {
		return nil, nil, fmt.Errorf("authorizer: %w", err)
	}
	if err := a.sockets.newRoutes(ctx, socketGuard, fns); err != nil {
		return nil, nil, fmt.Errorf("sockets: %w", err)
	}
	return guard, by.permissions, nil
}

// publish declares the stages and maps the domains to them. Another stack's API
// publishes by itself what is added to it.
func (a *apis) publish(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, fns []*function, names *domains, before []pulumi.Resource) error {
	if a.owner != nil {
		return newAttachment(ctx, cfg, in, fns, before)
	}
	sockets, err := a.sockets.newStage(ctx, cfg, in, fns)
	if err != nil {
		return fmt.Errorf("sockets: %w", err)
	}
	stage, err := newStage(ctx, cfg, in, a.http, fns, append(before, sockets))
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if err := names.newMappings(ctx, cfg, in, target{a.http.id, stage}, target{a.sockets.own.ID(), sockets}); err != nil {
		return fmt.Errorf("domains: %w", err)
	}
	return nil
}
