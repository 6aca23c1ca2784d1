package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// authorizer is what guards the routes of one API.
type authorizer struct {
	kind pulumi.StringInput // of a route: CUSTOM, JWT
	id   pulumi.StringInput // of the authorizer
}

// newGuard declares the one authorizer of the HTTP API, where a route needs it,
// and returns it with the permission to ask the function. Its logical name is
// its kind: an authorizer of another kind is another authorizer, which is there
// before the routes leave the old one. API Gateway uses an answer again for the
// same token, for as long as the setting says.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
func newGuard(s *stack, api *apigatewayv2.Api, by *function, tokens *issuer, needed bool) (*authorizer, []pulumi.Resource, error) {
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
	asks, err := by.permit(s, "authorize-api", api, made)
	return &authorizer{pulumi.String("CUSTOM"), made.ID()}, asks, err
}

// newSocketGuard declares the authorizer of the WebSocket API, which is asked
// of every client that connects, with the permission to ask the function. It
// names no source of the token: a browser can send it in the query alone, others
// in a header.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
func newSocketGuard(s *stack, api *apigatewayv2.Api, by *function) (*authorizer, []pulumi.Resource, error) {
	made, err := apigatewayv2.NewAuthorizer(s.ctx, "sockets", &apigatewayv2.AuthorizerArgs{
		ApiId:          api.ID(),
		AuthorizerType: pulumi.String("REQUEST"),
		AuthorizerUri:  by.lambda.InvokeArn,
	}, s.in)
	if err != nil {
		return nil, nil, err
	}
	asks, err := by.permit(s, "authorize-sockets", api, made)
	return &authorizer{pulumi.String("CUSTOM"), made.ID()}, asks, err
}

// permit lets one authorizer ask the function.
func (f *function) permit(s *stack, name string, api *apigatewayv2.Api, by *apigatewayv2.Authorizer) ([]pulumi.Resource, error) {
	permission, err := lambda.NewPermission(s.ctx, name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  f.lambda.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/authorizers/%s", api.ExecutionArn, by.ID()),
	}, pulumi.Parent(f))
	return []pulumi.Resource{permission}, err
}

// authorizerOf is the function that decides on tokens; nil: there is none.
func authorizerOf(fns []*function) *function {
	for _, f := range fns {
		if f.Authorizes {
			return f
		}
	}
	return nil
}

// declared are the functions' declarations.
func declared(fns []*function) (all []lambdas.Function) {
	for _, f := range fns {
		all = append(all, f.Function)
	}
	return all
}
