package main

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// socketStage is the only stage of the WebSocket API. Its name is part of the
// URL: a WebSocket API has no $default stage.
const socketStage = "live"

// socketAPI is the WebSocket API of the stack.
type socketAPI struct {
	made    *apigatewayv2.Api
	clients clients
}

// newSockets declares the WebSocket API. The member "action" of a message
// selects the route.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
func newSockets(s *stack) (*socketAPI, error) {
	api, err := apigatewayv2.NewApi(s.ctx, "sockets", &apigatewayv2.ApiArgs{
		ProtocolType:             pulumi.String("WEBSOCKET"),
		RouteSelectionExpression: pulumi.String("$request.body.action"),
	}, s.in)
	if err != nil {
		return nil, err
	}
	url := pulumi.Sprintf("%s/%s", api.ApiEndpoint, socketStage)
	return &socketAPI{api, clients{
		url: url,
		// The same endpoint, over HTTP.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
		postURL: url.ApplyT(func(url string) string { return strings.Replace(url, "ws", "http", 1) }).(pulumi.StringOutput),
		postARN: pulumi.Sprintf("%s/%s/POST/@connections/*", api.ExecutionArn, socketStage),
	}}, nil
}

// newRoutes declares the routes of the WebSocket API. Only $connect has an
// authorizer: a connected client is already authorized.
func (a *socketAPI) newRoutes(s *stack, authorizer *authorizer, fns []*function) (all routeSet, err error) {
	for _, f := range fns {
		if len(f.SocketRoutes) == 0 {
			continue
		}
		own, err := f.newSocketRoutes(s, a.made, authorizer)
		if err != nil {
			return all, err
		}
		all = all.and(own)
	}
	return all, nil
}

func (f *function) newSocketRoutes(s *stack, api *apigatewayv2.Api, authorizer *authorizer) (own routeSet, err error) {
	name := f.Name + "-sockets"
	integration, err := apigatewayv2.NewIntegration(s.ctx, name, &apigatewayv2.IntegrationArgs{
		ApiId:               api.ID(),
		IntegrationType:     pulumi.String("AWS_PROXY"),
		IntegrationMethod:   pulumi.String("POST"),
		IntegrationUri:      f.lambda.InvokeArn,
		TimeoutMilliseconds: pulumi.Int(29_000), // the maximum
	}, pulumi.Parent(f))
	if err != nil {
		return own, err
	}
	own.snapshot = []any{integration.ID(), integration.IntegrationUri, integration.TimeoutMilliseconds}
	for _, key := range f.SocketRoutes {
		args := &apigatewayv2.RouteArgs{
			ApiId:             api.ID(),
			RouteKey:          pulumi.String(key),
			Target:            pulumi.Sprintf("integrations/%s", integration.ID()),
			AuthorizationType: pulumi.String("NONE"),
		}
		if key == "$connect" {
			args.AuthorizationType, args.AuthorizerId = authorizer.kind.ToStringOutput(), authorizer.id
		}
		route, err := apigatewayv2.NewRoute(s.ctx, socketRouteName(key), args, pulumi.Parent(f))
		if err != nil {
			return own, err
		}
		own = own.and(routeSet{[]pulumi.Resource{route}, snapshot(args)})
	}
	permission, err := lambda.NewPermission(s.ctx, name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  f.lambda.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/%s/%s", api.ExecutionArn, socketStage, sourcePattern(f.SocketRoutes)),
	}, pulumi.Parent(f))
	own.waitFor = append(own.waitFor, permission)
	return own, err
}

// socketRouteName returns the logical name of a WebSocket route. It differs
// from the name of an HTTP route with the same key.
func socketRouteName(key string) string { return "sockets " + key }

// newStage declares the stage that publishes the WebSocket routes. It has no
// access log: for WebSocket APIs, unlike HTTP APIs, API Gateway writes logs
// with a role of the whole account, which one stack must not set.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
func (a *socketAPI) newStage(s *stack, r *routes) (*apigatewayv2.Stage, error) {
	deployment, err := apigatewayv2.NewDeployment(s.ctx, "sockets", &apigatewayv2.DeploymentArgs{
		ApiId:    a.made.ID(),
		Triggers: pulumi.StringMap{"routes": fingerprint(r.sockets.snapshot)},
	}, s.in, pulumi.DependsOn(r.sockets.waitFor))
	if err != nil {
		return nil, err
	}
	return apigatewayv2.NewStage(s.ctx, "sockets", &apigatewayv2.StageArgs{
		ApiId:        a.made.ID(),
		Name:         pulumi.String(socketStage),
		DeploymentId: deployment.ID(),
		DefaultRouteSettings: apigatewayv2.StageDefaultRouteSettingsArgs{
			ThrottlingRateLimit:    pulumi.Float64(s.cfg.Throttle.Rate),
			ThrottlingBurstLimit:   pulumi.Int(s.cfg.Throttle.Burst),
			DetailedMetricsEnabled: pulumi.Bool(s.cfg.DetailedMetrics),
		},
	}, s.in, pulumi.DependsOn(r.sockets.waitFor))
}
