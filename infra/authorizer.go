package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// authorizer is what guards the routes of one API. Both APIs ask the same
// function; the HTTP API asks none where tokens come from an issuer.
type authorizer struct {
	kind string             // of a route: CUSTOM, JWT
	id   pulumi.StringInput // of the authorizer
}

// asked is the function that decides on tokens.
type asked struct {
	f           *function
	permissions []pulumi.Resource // to ask it
}

// newGuard declares the one authorizer of the HTTP API. Its logical name is its
// kind: an authorizer of another kind is another authorizer, which is there
// before the routes leave the old one. API Gateway uses an answer again for the
// same token, for as long as the setting says.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
func newGuard(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, api *httpAPI, by *asked) (*authorizer, error) {
	args := &apigatewayv2.AuthorizerArgs{
		ApiId:           api.id,
		IdentitySources: pulumi.StringArray{pulumi.String("$request.header.Authorization")},
	}
	if cfg.Issuer != "" {
		args.AuthorizerType = pulumi.String("JWT")
		args.JwtConfiguration = apigatewayv2.AuthorizerJwtConfigurationArgs{
			Issuer: pulumi.String(cfg.Issuer), Audiences: pulumi.ToStringArray(cfg.Audiences),
		}
		made, err := apigatewayv2.NewAuthorizer(ctx, "jwt", args, in)
		if err != nil {
			return nil, err
		}
		return &authorizer{"JWT", made.ID()}, nil
	}
	args.AuthorizerType = pulumi.String("REQUEST")
	args.AuthorizerUri = by.f.lambda.InvokeArn
	args.AuthorizerPayloadFormatVersion = pulumi.String("2.0")
	args.EnableSimpleResponses = pulumi.Bool(true)
	args.AuthorizerResultTtlInSeconds = pulumi.Int(cfg.AuthorizationCache)
	made, err := apigatewayv2.NewAuthorizer(ctx, "request", args, in, formerly("api"))
	if err != nil {
		return nil, err
	}
	return &authorizer{"CUSTOM", made.ID()}, by.permit(ctx, "authorize-api", api.executionARN, made)
}

// newSocketGuard declares the authorizer of the WebSocket API, which is asked
// of every client that connects. It names no source of the token: a browser can
// send it in the query alone, others in a header.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
func newSocketGuard(ctx *pulumi.Context, in pulumi.ResourceOption, api *apigatewayv2.Api, by *asked) (*authorizer, error) {
	made, err := apigatewayv2.NewAuthorizer(ctx, "sockets", &apigatewayv2.AuthorizerArgs{
		ApiId:          api.ID(),
		AuthorizerType: pulumi.String("REQUEST"),
		AuthorizerUri:  by.f.lambda.InvokeArn,
	}, in)
	if err != nil {
		return nil, err
	}
	return &authorizer{"CUSTOM", made.ID()}, by.permit(ctx, "authorize-sockets", api.ExecutionArn, made)
}

// permit lets one authorizer ask the function.
func (a *asked) permit(ctx *pulumi.Context, name string, executionARN pulumi.StringInput, by *apigatewayv2.Authorizer) error {
	permission, err := lambda.NewPermission(ctx, name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  a.f.lambda.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/authorizers/%s", executionARN, by.ID()),
	}, pulumi.Parent(a.f))
	a.permissions = append(a.permissions, permission)
	return err
}

// authorizerOf is the function that decides on tokens.
func authorizerOf(fns []*function) (*asked, error) {
	for _, f := range fns {
		if f.declared.Authorizes {
			return &asked{f: f}, nil
		}
	}
	return nil, fmt.Errorf("no function authorizes")
}
