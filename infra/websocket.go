package main

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// socketStage is the one stage of the WebSocket API, and the path of its URL. A
// WebSocket API has no stage without a path.
const socketStage = "live"

// socketAPI is the WebSocket API that clients hear of events by: this stack's
// own, or that of the stack it is attached to.
type socketAPI struct {
	own     *apigatewayv2.Api  // nil: another stack's
	url     pulumi.StringInput // that clients connect to
	postURL pulumi.StringInput // that functions post to
	postARN pulumi.StringInput // of all connections, as rights to post are on
}

// newSockets declares the WebSocket API. A message chooses its route by its
// member action.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
func newSockets(ctx *pulumi.Context, in pulumi.ResourceOption, owner *sharing) (*socketAPI, error) {
	if owner != nil {
		return &socketAPI{url: pulumi.String(owner.SocketURL), postURL: pulumi.String(owner.SocketPostURL), postARN: pulumi.String(owner.SocketPostARN)}, nil
	}
	api, err := apigatewayv2.NewApi(ctx, "sockets", &apigatewayv2.ApiArgs{
		ProtocolType:             pulumi.String("WEBSOCKET"),
		RouteSelectionExpression: pulumi.String("$request.body.action"),
	}, in)
	if err != nil {
		return nil, err
	}
	url := pulumi.Sprintf("%s/%s", api.ApiEndpoint, socketStage)
	return &socketAPI{
		own: api,
		url: url,
		// The same endpoint, over HTTP.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
		postURL: url.ApplyT(func(url string) string { return strings.Replace(url, "ws", "http", 1) }).(pulumi.StringOutput),
		postARN: pulumi.Sprintf("%s/%s/POST/@connections/*", api.ExecutionArn, socketStage),
	}, nil
}

// places are where messages to the clients are posted.
func (s *socketAPI) places() places {
	return places{lambdas.Connections: {s.postARN, pulumi.StringMap{names.ConnectionsURLVariable: s.postURL}}}
}

// newRoutes gives the functions their places in the WebSocket API. Only
// $connect is guarded: who is connected has been let in.
func (s *socketAPI) newRoutes(ctx *pulumi.Context, guard *authorizer, fns []*function) error {
	for _, f := range fns {
		if len(f.declared.SocketRoutes) == 0 {
			continue
		}
		if err := f.newSocketRoutes(ctx, s.own, guard); err != nil {
			return err
		}
	}
	return nil
}

func (f *function) newSocketRoutes(ctx *pulumi.Context, api *apigatewayv2.Api, guard *authorizer) error {
	name := f.declared.Name + "-sockets"
	integration, err := apigatewayv2.NewIntegration(ctx, name, &apigatewayv2.IntegrationArgs{
		ApiId:               api.ID(),
		IntegrationType:     pulumi.String("AWS_PROXY"),
		IntegrationMethod:   pulumi.String("POST"),
		IntegrationUri:      f.lambda.InvokeArn,
		TimeoutMilliseconds: pulumi.Int(29_000), // the most there is
	}, pulumi.Parent(f))
	if err != nil {
		return err
	}
	f.sockets = append(f.sockets, integration.ID(), integration.IntegrationUri, integration.TimeoutMilliseconds)
	for _, key := range f.declared.SocketRoutes {
		args := &apigatewayv2.RouteArgs{
			ApiId:             api.ID(),
			RouteKey:          pulumi.String(key),
			Target:            pulumi.Sprintf("integrations/%s", integration.ID()),
			AuthorizationType: pulumi.String("NONE"),
		}
		if key == "$connect" {
			args.AuthorizationType, args.AuthorizerId = pulumi.String(guard.kind), guard.id
		}
		route, err := apigatewayv2.NewRoute(ctx, socketRouteName(key), args, pulumi.Parent(f))
		if err != nil {
			return err
		}
		f.parts = append(f.parts, route)
		f.sockets = append(f.sockets, copied(args)...)
	}
	permission, err := lambda.NewPermission(ctx, name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  f.lambda.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/%s/%s", api.ExecutionArn, socketStage, sourcePattern(f.declared.SocketRoutes)),
	}, pulumi.Parent(f))
	f.parts = append(f.parts, permission)
	return err
}

// socketRouteName is the logical name of a WebSocket route, apart from that of an
// HTTP route with the same key.
func socketRouteName(key string) string { return "sockets " + key }

// newStage publishes the WebSocket routes. It writes no access log: for
// that, and for HTTP APIs not, API Gateway needs a role of the whole account,
// which is not one stack's to set.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
func (s *socketAPI) newStage(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, fns []*function) (*apigatewayv2.Stage, error) {
	var published []pulumi.Resource
	var parts []any
	for _, f := range fns {
		published, parts = append(published, f.parts...), append(parts, f.sockets...)
	}
	deployment, err := apigatewayv2.NewDeployment(ctx, "sockets", &apigatewayv2.DeploymentArgs{
		ApiId:    s.own.ID(),
		Triggers: pulumi.StringMap{"routes": fingerprint(parts)},
	}, in, pulumi.DependsOn(published))
	if err != nil {
		return nil, err
	}
	return apigatewayv2.NewStage(ctx, "sockets", &apigatewayv2.StageArgs{
		ApiId:        s.own.ID(),
		Name:         pulumi.String(socketStage),
		DeploymentId: deployment.ID(),
		DefaultRouteSettings: apigatewayv2.StageDefaultRouteSettingsArgs{
			ThrottlingRateLimit:    pulumi.Float64(cfg.Throttle.Rate),
			ThrottlingBurstLimit:   pulumi.Int(cfg.Throttle.Burst),
			DetailedMetricsEnabled: pulumi.Bool(cfg.DetailedMetrics),
		},
	}, in, pulumi.DependsOn(published))
}
