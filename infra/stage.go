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
// It comes after every route and permission, so that it never serves half an
// API, and after all else that is declared. So it is also the first to go, with
// the domains that are mapped to it: where these are protected, as the table
// is, a destroy ends before it has deleted anything, even without a preview.
func newStage(s *stack, api *apigatewayv2.Api, r *routes, before []pulumi.Resource) (*apigatewayv2.Stage, error) {
	args, err := stageArgs(s)
	if err != nil {
		return nil, err
	}
	args.ApiId = api.ID()
	if !s.cfg.AutoDeploy {
		// To close the API's own URL takes a deployment, too.
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
	// A stage of another name is there before the old one goes, so that a domain
	// always leads to one. The provider would delete the old one first.
	return apigatewayv2.NewStage(s.ctx, "api", args, s.in, pulumi.Protect(s.cfg.Protect), pulumi.DeleteBeforeReplace(false),
		pulumi.DependsOn(append(before, r.http.waitFor...)))
}

// stageArgs is what the stage does by itself: log and throttle.
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

// routeSettings are the throttles of single routes. Each replaces all of the
// stage's settings for its route, so it repeats the one for metrics.
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

// fingerprint is a hash over all that a deployment freezes, of the routes and
// their integrations above all. A deployment never changes: another fingerprint makes
// another one.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
func fingerprint(frozen []any) pulumi.StringOutput {
	return pulumi.All(frozen...).ApplyT(func(values []any) (string, error) {
		text, err := json.Marshal(values)
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:]), err
	}).(pulumi.StringOutput)
}
