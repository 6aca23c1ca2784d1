package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ownAPIs are the APIs of a stack that is not attached to a host stack.
type ownAPIs struct {
	http    *apigatewayv2.Api
	sockets *socketAPI // nil: no function has a socket route
	tokens  *issuer    // nil: the stack's own key signs tokens
}

// newAPI declares the HTTP API. Once the API has a domain, its default endpoint
// is disabled: otherwise clients could bypass what protects the domain, such as
// a firewall.
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

// cors lets scripts from these origins use the API. API Gateway answers their
// preflight requests itself and adds the headers to every response, including
// errors.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
func cors(origins []string) apigatewayv2.ApiCorsConfigurationArgs {
	return apigatewayv2.ApiCorsConfigurationArgs{
		AllowOrigins:  pulumi.ToStringArray(origins),
		AllowMethods:  pulumi.ToStringArray([]string{"GET", "POST", "PUT", "DELETE"}),
		AllowHeaders:  pulumi.ToStringArray([]string{"authorization", "content-type", "idempotency-key", "if-match"}),
		ExposeHeaders: pulumi.ToStringArray([]string{"apigw-requestid", "etag", "idempotency-replayed", "location", "retry-after"}),
		MaxAge:        pulumi.Int(600), // seconds for which a browser caches the answer to a preflight request
	}
}

// places returns the place of the WebSocket clients.
func (a *ownAPIs) places() places {
	if a.sockets == nil {
		return nil
	}
	return a.sockets.clients.places()
}

// addRoutes declares the authorizers and the routes of both APIs. The same
// function authorizes for both. With an issuer, the HTTP API verifies tokens
// without it.
func (a *ownAPIs) addRoutes(s *stack, fns []*function) (*apiInfo, *routes, error) {
	by := authorizerOf(fns)
	authorizer, permissions, err := newAuthorizer(s, a.http, by, a.tokens, hasGuarded(declarations(fns)))
	if err != nil {
		return nil, nil, fmt.Errorf("authorizer: %w", err)
	}
	k, r := a.info(s, authorizer), &routes{permissions: permissions}
	if r.http, err = newRoutes(s, k, fns); err != nil {
		return nil, nil, fmt.Errorf("routes: %w", err)
	}
	if a.sockets == nil {
		return k, r, nil
	}
	socketAuthorizer, permissions, err := newSocketAuthorizer(s, a.sockets.made, by)
	if err != nil {
		return nil, nil, fmt.Errorf("authorizer: %w", err)
	}
	r.permissions = append(r.permissions, permissions...)
	if r.sockets, err = a.sockets.newRoutes(s, socketAuthorizer, fns); err != nil {
		return nil, nil, fmt.Errorf("sockets: %w", err)
	}
	return k, r, nil
}

// info returns the description of the APIs.
func (a *ownAPIs) info(s *stack, authorizer *authorizer) *apiInfo {
	k := &apiInfo{
		own: true, id: a.http.ID(), executionARN: a.http.ExecutionArn, url: a.url(s.cfg), authorizer: authorizer,
		stage: pulumi.String(s.cfg.Stage), accessLog: pulumi.String(accessLogName(s.ctx)), autoDeploy: pulumi.String(fmt.Sprint(s.cfg.AutoDeploy)),
	}
	if a.sockets != nil {
		k.clients = &a.sockets.clients
	}
	return k
}

// url returns the URL of the HTTP API: the domain with the base path, or the
// default endpoint with the stage.
func (a *ownAPIs) url(cfg config) pulumi.StringOutput {
	if domain := cfg.address(); domain != "" {
		return pulumi.Sprintf("https://%s", domain)
	}
	if cfg.Stage == "$default" {
		return a.http.ApiEndpoint
	}
	return pulumi.Sprintf("%s/%s", a.http.ApiEndpoint, cfg.Stage)
}

func (a *ownAPIs) publish(s *stack, r *routes, d *domains, waitFor []pulumi.Resource) error {
	waitFor = append(waitFor, r.permissions...)
	var clients *target
	if a.sockets != nil {
		stage, err := a.sockets.newStage(s, r)
		if err != nil {
			return fmt.Errorf("sockets: %w", err)
		}
		waitFor = append(waitFor, stage)
		clients = &target{a.sockets.made.ID(), stage}
	}
	stage, err := newStage(s, a.http, r, waitFor)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if err := d.newMappings(s, &target{a.http.ID(), stage}, clients); err != nil {
		return fmt.Errorf("domains: %w", err)
	}
	return nil
}
