package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ownAPIs are the APIs of a stack that is attached to no other.
type ownAPIs struct {
	http    *apigatewayv2.Api
	sockets *socketAPI // nil: no function has a socket route
	tokens  *issuer    // nil: the stack's own key signs tokens
}

// newAPI declares the HTTP API. Once it has a domain, its own URL is closed: what
// guards the domain, such as a firewall, would be passed by otherwise.
func newAPI(s *stack) (*apigatewayv2.Api, error) {
	args := &apigatewayv2.ApiArgs{
		ProtocolType:              pulumi.String("HTTP"),
		DisableExecuteApiEndpoint: pulumi.Bool(s.cfg.reachable()),
	}
	if len(s.cfg.CORSOrigins) > 0 {
		args.CorsConfiguration = cors(s.cfg.CORSOrigins)
	}
	return apigatewayv2.NewApi(s.ctx, "api", args, s.in)
}

// cors lets scripts of these origins use the API. API Gateway answers their
// preflights itself, and adds the headers to every answer, errors too.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
func cors(origins []string) apigatewayv2.ApiCorsConfigurationArgs {
	return apigatewayv2.ApiCorsConfigurationArgs{
		AllowOrigins:  pulumi.ToStringArray(origins),
		AllowMethods:  pulumi.ToStringArray([]string{"GET", "POST", "PUT", "DELETE"}),
		AllowHeaders:  pulumi.ToStringArray([]string{"authorization", "content-type", "idempotency-key", "if-match"}),
		ExposeHeaders: pulumi.ToStringArray([]string{"apigw-requestid", "etag", "idempotency-replayed", "location", "retry-after"}),
		MaxAge:        pulumi.Int(600), // seconds; the browser asks again after that
	}
}

// places are where functions find the WebSocket clients.
func (a *ownAPIs) places() places {
	if a.sockets == nil {
		return nil
	}
	return a.sockets.clients.places()
}

// connect guards both APIs by one function that authorizes; the HTTP API needs
// none where tokens come from an issuer.
func (a *ownAPIs) connect(s *stack, fns []*function) (*known, *routes, error) {
	by := authorizerOf(fns)
	guard, asks, err := newGuard(s, a.http, by, a.tokens, hasGuarded(declared(fns)))
	if err != nil {
		return nil, nil, fmt.Errorf("authorizer: %w", err)
	}
	k, r := a.known(s, guard), &routes{permissions: asks}
	if r.http, err = newRoutes(s, k, fns); err != nil {
		return nil, nil, fmt.Errorf("routes: %w", err)
	}
	if a.sockets == nil {
		return k, r, nil
	}
	socketGuard, asks, err := newSocketGuard(s, a.sockets.made, by)
	if err != nil {
		return nil, nil, fmt.Errorf("authorizer: %w", err)
	}
	r.permissions = append(r.permissions, asks...)
	if r.sockets, err = a.sockets.newRoutes(s, socketGuard, fns); err != nil {
		return nil, nil, fmt.Errorf("sockets: %w", err)
	}
	return k, r, nil
}

// known is what others know of the APIs.
func (a *ownAPIs) known(s *stack, guard *authorizer) *known {
	k := &known{
		own: true, id: a.http.ID(), executionARN: a.http.ExecutionArn, url: a.url(s.cfg), guard: guard,
		stage: pulumi.String(s.cfg.Stage), accessLog: pulumi.String(accessLogName(s.ctx)), autoDeploy: pulumi.String(fmt.Sprint(s.cfg.AutoDeploy)),
	}
	if a.sockets != nil {
		k.clients = &a.sockets.clients
	}
	return k
}

// url is what requests begin with: the domain or the endpoint, with the path of
// the mapping or of the stage.
func (a *ownAPIs) url(cfg config) pulumi.StringOutput {
	if domain := cfg.address(); domain != "" {
		return pulumi.Sprintf("https://%s", domain)
	}
	if cfg.Stage == "$default" {
		return a.http.ApiEndpoint
	}
	return pulumi.Sprintf("%s/%s", a.http.ApiEndpoint, cfg.Stage)
}

// publish declares the stages and maps the domains to them.
func (a *ownAPIs) publish(s *stack, r *routes, names *domains, before []pulumi.Resource) error {
	before = append(before, r.permissions...)
	var clients *target
	if a.sockets != nil {
		stage, err := a.sockets.newStage(s, r)
		if err != nil {
			return fmt.Errorf("sockets: %w", err)
		}
		before = append(before, stage)
		clients = &target{a.sockets.made.ID(), stage}
	}
	stage, err := newStage(s, a.http, r, before)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if err := names.newMappings(s, &target{a.http.ID(), stage}, clients); err != nil {
		return fmt.Errorf("domains: %w", err)
	}
	return nil
}
