package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// authorizer describes the authorizer of one API to its routes.
type authorizer struct {
	kind pulumi.StringInput // the authorization type of the routes: CUSTOM or JWT
	id   pulumi.StringInput
}

// newAuthorizer declares the authorizer of the HTTP API if a route needs it. It
// returns the permission to call the function, too.
//
// The logical name depends on the kind, so a new kind creates a second
// authorizer before the routes leave the first. API Gateway caches a decision
// for the same token during authorizationCache seconds.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
func newAuthorizer(s *stack, api *apigatewayv2.Api, by *function, tokens *issuer, needed bool) (*authorizer, []pulumi.Resource, error) {
	if !needed {
		return nil, nil, nil
	}
	args := &apigatewayv2.AuthorizerArgs{
		ApiId:           api.ID(),
		IdentitySources: pulumi.StringArray{pulumi.String("$request.header.Authorization")},
	}
	if tokens != nil {
		args.AuthorizerType = pulumi.String("JWT")
		args.JwtConfiguration = apigatewayv2.AuthorizerJwtConfigurationArgs{Issuer: tokens.url, Audiences: tokens.audiences}
		made, err := apigatewayv2.NewAuthorizer(s.ctx, "jwt", args, s.in)
		if err != nil {
			return nil, nil, err
		}
		return &authorizer{pulumi.String("JWT"), made.ID()}, nil, nil
	}
	args.AuthorizerType = pulumi.String("REQUEST")
	args.AuthorizerUri = by.lambda.InvokeArn
	args.AuthorizerPayloadFormatVersion = pulumi.String("2.0")
	args.EnableSimpleResponses = pulumi.Bool(true)
	args.AuthorizerResultTtlInSeconds = pulumi.Int(s.cfg.AuthorizationCache)
	made, err := apigatewayv2.NewAuthorizer(s.ctx, "request", args, s.in, formerly("api"))
	if err != nil {
		return nil, nil, err
	}
	permissions, err := by.permit(s, "authorize-api", api, made)
	return &authorizer{pulumi.String("CUSTOM"), made.ID()}, permissions, err
}

// newSocketAuthorizer declares the authorizer of the WebSocket API and the
// permission to call the function. API Gateway calls it for every client that
// connects. It has no identity source, because a browser can send the token
// only in the query and other clients send it in a header.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
func newSocketAuthorizer(s *stack, api *apigatewayv2.Api, by *function) (*authorizer, []pulumi.Resource, error) {
	made, err := apigatewayv2.NewAuthorizer(s.ctx, "sockets", &apigatewayv2.AuthorizerArgs{
		ApiId:          api.ID(),
		AuthorizerType: pulumi.String("REQUEST"),
		AuthorizerUri:  by.lambda.InvokeArn,
	}, s.in)
	if err != nil {
		return nil, nil, err
	}
	permissions, err := by.permit(s, "authorize-sockets", api, made)
	return &authorizer{pulumi.String("CUSTOM"), made.ID()}, permissions, err
}

// permit lets one authorizer call the function.
func (f *function) permit(s *stack, name string, api *apigatewayv2.Api, by *apigatewayv2.Authorizer) ([]pulumi.Resource, error) {
	permission, err := lambda.NewPermission(s.ctx, name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  f.lambda.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/authorizers/%s", api.ExecutionArn, by.ID()),
	}, pulumi.Parent(f))
	return []pulumi.Resource{permission}, err
}

// authorizerOf returns the function that authorizes, or nil.
func authorizerOf(fns []*function) *function {
	for _, f := range fns {
		if f.Authorizes {
			return f
		}
	}
	return nil
}

// declarations returns the declarations of the functions.
func declarations(fns []*function) (all []lambdas.Function) {
	for _, f := range fns {
		all = append(all, f.Function)
	}
	return all
}
