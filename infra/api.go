package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// httpAPI is the HTTP API that the routes belong to: this stack's own, or that
// of the stack it is attached to.
type httpAPI struct {
	id           pulumi.StringInput
	executionARN pulumi.StringInput
	endpoint     pulumi.StringOutput // without a stage's path
	stage        string
	domain       string // with its base path; "": the API answers at its endpoint
	accessLog    string // name of the log group
	attached     bool   // it is another stack's
}

// newAPI declares the HTTP API, without routes: the functions bring them. A
// stack that is attached to another one makes none.
//
// Once it has a domain, its own URL is closed: what guards the domain, such as
// a firewall, would be passed by otherwise.
func newAPI(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, owner *sharing) (*httpAPI, error) {
	if owner != nil {
		return &httpAPI{
			id: pulumi.String(owner.APIID), executionARN: pulumi.String(owner.ExecutionARN), endpoint: pulumi.String(owner.URL).ToStringOutput(),
			stage: owner.Stage, accessLog: owner.AccessLog, attached: true,
		}, nil
	}
	args := &apigatewayv2.ApiArgs{
		ProtocolType:              pulumi.String("HTTP"),
		DisableExecuteApiEndpoint: pulumi.Bool(cfg.reachable()),
	}
	if len(cfg.CORSOrigins) > 0 {
		args.CorsConfiguration = cors(cfg.CORSOrigins)
	}
	api, err := apigatewayv2.NewApi(ctx, "api", args, in)
	if err != nil {
		return nil, err
	}
	return &httpAPI{
		id: api.ID(), executionARN: api.ExecutionArn, endpoint: api.ApiEndpoint,
		stage: cfg.Stage, domain: cfg.address(), accessLog: accessLogName(ctx),
	}, nil
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
