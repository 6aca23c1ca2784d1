package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newStage declares the stage that publishes the routes.
//
// The stage depends on every other resource, so it never serves half of an API.
// For the same reason a destroy deletes the stage and the domain mappings
// first. If they are protected, `pulumi destroy` stops there, before it deletes
// anything.
func newStage(s *stack, api *apigatewayv2.Api, r *routes, waitFor []pulumi.Resource) (*apigatewayv2.Stage, error) {
	args, err := stageArgs(s)
	if err != nil {
		return nil, err
	}
	args.ApiId = api.ID()
	if !s.cfg.AutoDeploy {
		// A change of the default endpoint also takes effect only with a
		// deployment.
		frozen := append([]any{pulumi.Bool(s.cfg.reachable()).ToBoolOutput()}, r.http.snapshot...)
		deployment, err := apigatewayv2.NewDeployment(s.ctx, "api", &apigatewayv2.DeploymentArgs{
			ApiId:    api.ID(),
			Triggers: pulumi.StringMap{"routes": fingerprint(frozen)},
		}, s.in, pulumi.DependsOn(r.http.waitFor))
		if err != nil {
			return nil, err
		}
		args.DeploymentId = deployment.ID()
	}
	// Pulumi creates a renamed stage before it deletes the old one, so that a
	// domain is always mapped to a stage. By default the provider deletes
	// first.
	return apigatewayv2.NewStage(s.ctx, "api", args, s.in, pulumi.Protect(s.cfg.Protect), pulumi.DeleteBeforeReplace(false),
		pulumi.DependsOn(append(waitFor, r.http.waitFor...)))
}

// stageArgs returns the log and throttle settings of the stage.
func stageArgs(s *stack) (*apigatewayv2.StageArgs, error) {
	cfg := s.cfg
	logs, err := newAccessLog(s)
	if err != nil {
		return nil, err
	}
	line, err := accessLine()
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.StageArgs{
		Name:       pulumi.String(cfg.Stage),
		AutoDeploy: pulumi.Bool(cfg.AutoDeploy),
		AccessLogSettings: apigatewayv2.StageAccessLogSettingsArgs{
			DestinationArn: logs.Arn,
			Format:         pulumi.String(line),
		},
		DefaultRouteSettings: apigatewayv2.StageDefaultRouteSettingsArgs{
			ThrottlingRateLimit:    pulumi.Float64(cfg.Throttle.Rate),
			ThrottlingBurstLimit:   pulumi.Int(cfg.Throttle.Burst),
			DetailedMetricsEnabled: pulumi.Bool(cfg.DetailedMetrics),
		},
		RouteSettings: routeSettings(cfg),
	}, nil
}

// routeSettings returns the throttles of single routes. Route settings replace
// all of the stage's settings for that route, so they repeat
// DetailedMetricsEnabled.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
func routeSettings(cfg config) apigatewayv2.StageRouteSettingArray {
	var settings apigatewayv2.StageRouteSettingArray
	for _, key := range slices.Sorted(maps.Keys(cfg.RouteThrottles)) {
		settings = append(settings, apigatewayv2.StageRouteSettingArgs{
			RouteKey:               pulumi.String(key),
			ThrottlingRateLimit:    pulumi.Float64(cfg.RouteThrottles[key].Rate),
			ThrottlingBurstLimit:   pulumi.Int(cfg.RouteThrottles[key].Burst),
			DetailedMetricsEnabled: pulumi.Bool(cfg.DetailedMetrics),
		})
	}
	return settings
}

// fingerprint returns a hash of all properties that a deployment freezes, such
// as routes and integrations. A deployment cannot change, so a new fingerprint
// replaces it.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
func fingerprint(frozen []any) pulumi.StringOutput {
	return pulumi.All(frozen...).ApplyT(func(values []any) (string, error) {
		text, err := json.Marshal(values)
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:]), err
	}).(pulumi.StringOutput)
}
