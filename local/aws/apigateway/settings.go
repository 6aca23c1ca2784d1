package apigateway

import (
	"fmt"
	"slices"
	"strings"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/logs"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// AccessLogInputs sets where a stage writes its access log, and the format of a
// line.
type AccessLogInputs struct {
	DestinationARN string `json:"destinationArn" aws:"required"`
	Format         string `json:"format" aws:"required"`
}

// RouteSettings are the default settings of routes. Both limits are required:
// the AWS provider sends 0 for a missing one, and AWS then answers every
// request with 429
// (https://github.com/hashicorp/terraform-provider-aws/issues/14742). Detailed
// metrics, execution logs and the limits of a WebSocket API have no effect
// here.
type RouteSettings struct {
	ThrottlingBurstLimit   *int     `json:"throttlingBurstLimit,omitempty" aws:"required"`
	ThrottlingRateLimit    *float64 `json:"throttlingRateLimit,omitempty" aws:"required"`
	DetailedMetricsEnabled bool     `json:"detailedMetricsEnabled,omitempty" aws:"idle"`
	LoggingLevel           string   `json:"loggingLevel,omitempty" aws:"idle"`
	DataTraceEnabled       bool     `json:"dataTraceEnabled,omitempty" aws:"idle"`
}

// RouteSetting is RouteSettings for one route.
type RouteSetting struct {
	RouteKey               string   `json:"routeKey" aws:"required"`
	ThrottlingBurstLimit   *int     `json:"throttlingBurstLimit,omitempty" aws:"required"`
	ThrottlingRateLimit    *float64 `json:"throttlingRateLimit,omitempty" aws:"required"`
	DetailedMetricsEnabled bool     `json:"detailedMetricsEnabled,omitempty" aws:"idle"`
	LoggingLevel           string   `json:"loggingLevel,omitempty" aws:"idle"`
	DataTraceEnabled       bool     `json:"dataTraceEnabled,omitempty" aws:"idle"`
}

func (s RouteSetting) settings() *RouteSettings {
	return &RouteSettings{s.ThrottlingBurstLimit, s.ThrottlingRateLimit, s.DetailedMetricsEnabled, s.LoggingLevel, s.DataTraceEnabled}
}

// checkStageSettings reports what
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html
// rejects. protocol is the API's, or "" while it is unknown.
func checkStageSettings(problems *provider.Problems, in StageInputs, protocol string) {
	if l := in.AccessLogSettings; l != nil {
		if _, ok := groupOf(l.DestinationARN); l.DestinationARN != "" && !ok {
			problems.Add("accessLogSettings.destinationArn", "%q is not the ARN of a log group", l.DestinationARN)
		}
		if l.Format != "" {
			for _, reason := range formatProblems(l.Format, protocol) {
				problems.Add("accessLogSettings.format", "%s", reason)
			}
		}
	}
	if s := in.DefaultRouteSettings; s != nil {
		checkRouteSettings(problems, "defaultRouteSettings.", s, protocol)
	}
	var keys []string
	for i, s := range in.RouteSettings {
		path := fmt.Sprintf("routeSettings[%d].", i)
		checkRouteSettings(problems, path, s.settings(), protocol)
		if s.RouteKey != "" && slices.Contains(keys, s.RouteKey) {
			problems.Add(path+"routeKey", "two settings have the route key %s", s.RouteKey)
		}
		keys = append(keys, s.RouteKey)
	}
}

func checkRouteSettings(problems *provider.Problems, path string, s *RouteSettings, protocol string) {
	if s.ThrottlingBurstLimit != nil && *s.ThrottlingBurstLimit < 0 {
		problems.Add(path+"throttlingBurstLimit", "%d is below 0", *s.ThrottlingBurstLimit)
	}
	if s.ThrottlingRateLimit != nil && *s.ThrottlingRateLimit < 0 {
		problems.Add(path+"throttlingRateLimit", "%v is below 0", *s.ThrottlingRateLimit)
	}
	switch l := s.LoggingLevel; {
	case l != "" && l != "OFF" && l != "ERROR" && l != "INFO":
		problems.Add(path+"loggingLevel", "%q is not OFF, ERROR or INFO", l)
	case l != "" && l != "OFF" && protocol == protocolHTTP:
		problems.Add(path+"loggingLevel", "an HTTP API has no execution logs: use accessLogSettings")
	}
	if s.DataTraceEnabled && protocol == protocolHTTP {
		problems.Add(path+"dataTraceEnabled", "an HTTP API has no execution logs")
	}
}

// groupOf returns the name of the log group with an ARN. The ARN may end in
// ":*", which means its streams.
func groupOf(text string) (name string, ok bool) {
	parts, _ := arn.Parse(strings.TrimSuffix(text, ":*"))
	name, ok = strings.CutPrefix(parts.Resource, "log-group:")
	return name, ok && name != "" && parts.Service == "logs"
}

// checkDestination refuses an access log whose log group is missing.
func (a *APIs) checkDestination(r *store.Record[StageInputs]) error {
	l := r.Inputs.AccessLogSettings
	if l == nil {
		return nil
	}
	name, _ := groupOf(l.DestinationARN)
	group, err := store.Get[logs.Group](a.db, logs.Token, name)
	if err == nil && logs.ARN(group.Region, group.Account, group.ID) != strings.TrimSuffix(l.DestinationARN, ":*") {
		err = store.ErrNotFound // of another region or account
	}
	if err != nil {
		return awserr.New("BadRequestException", "the access log of stage %s goes to %s: %w", r.ID, l.DestinationARN, err)
	}
	return nil
}

// checkSettingsOfRoutes refuses settings of a route that the API does not have.
func (a *APIs) checkSettingsOfRoutes(r *store.Record[StageInputs]) error {
	if len(r.Inputs.RouteSettings) == 0 {
		return nil
	}
	all, err := store.List[RouteInputs](a.db, RouteToken)
	if err != nil {
		return err
	}
	for _, s := range r.Inputs.RouteSettings {
		if !slices.ContainsFunc(all, func(route store.Record[RouteInputs]) bool {
			return route.Inputs.APIID == r.Inputs.APIID && route.Inputs.RouteKey == s.RouteKey
		}) {
			return awserr.New("NotFoundException", "unable to find the route %s of the settings of stage %s in the API %s", s.RouteKey, r.ID, r.Inputs.APIID)
		}
	}
	return nil
}

func logOf(in *AccessLogInputs) *httpapi.AccessLog {
	if in == nil {
		return nil
	}
	name, _ := groupOf(in.DestinationARN)
	return &httpapi.AccessLog{Group: name, Format: strings.TrimSpace(in.Format)}
}

func limitOf(in *RouteSettings) *httpapi.Limit {
	if in == nil {
		return nil
	}
	var l httpapi.Limit
	if in.ThrottlingRateLimit != nil {
		l.Rate = *in.ThrottlingRateLimit
	}
	if in.ThrottlingBurstLimit != nil {
		l.Burst = *in.ThrottlingBurstLimit
	}
	return &l
}

func limitsOf(in []RouteSetting) map[string]httpapi.Limit {
	limits := map[string]httpapi.Limit{}
	for _, s := range in {
		limits[s.RouteKey] = *limitOf(s.settings())
	}
	return limits
}
