package apigateway

import (
	"reflect"
	"strings"
	"testing"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/logs"
	"skiff/local/store"
)

func settingsOf(rate float64, burst int) *RouteSettings {
	return &RouteSettings{ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &burst}
}

func settingOf(key string, rate float64, burst int) RouteSetting {
	return RouteSetting{RouteKey: key, ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &burst}
}

func TestFormatProblems(t *testing.T) {
	t.Parallel()
	every := `{"all":"$context.` + strings.Join(httpapi.LogVariables(), ` $context.`) + `"}`
	const id = "$context.requestId"
	for _, test := range []struct{ format, want string }{
		{id, ""},
		{every, ""},
		{id + " $context.authorizer.principalId $context.authorizer.claims.sub", ""},
		{" " + id + " costs $5.\n", ""},
		{"$context.extendedRequestId", "must include $context.requestId"},
		{strings.Repeat("x", 3072-len(id)) + id, ""},
		{strings.Repeat("x", 3073-len(id)) + id, "has 3073 bytes; at most 3072"},
		{id + "\n$context.status", "has more than one line"},
		{"$context.status", "must include $context.requestId"},
		{id + "entity", "must include $context.requestId\nan HTTP API has no $context.requestIdentity to log"},
		{id + " $context.nothing", "an HTTP API has no $context.nothing to log"},
		{id + " $context.Status", "an HTTP API has no $context.Status to log"},
		{id + " $context", "an HTTP API has no $context to log"},
		{id + " $stageVariables.a", "an HTTP API has no $stageVariables.a to log"},
		{id + " $context.xrayTraceId", "an HTTP API has no $context.xrayTraceId to log"}, // only a REST API has it
	} {
		if got := strings.Join(formatProblems(test.format, protocolHTTP), "\n"); got != test.want {
			t.Errorf("%.60q: %q, want %q", test.format, got, test.want)
		}
	}
}

func TestSettingsReferences(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareAPI(t, "b")
	must(t, declare(t, p, routes(p.APIs), "bx", "", RouteInputs{APIID: "b", RouteKey: "GET /x"}))
	must(t, store.Put(p.db, logs.Token, "/access", store.Record[logs.Group]{ID: "/access", Account: "111111111111", Region: "eu-west-1"}))
	const group = "arn:aws:logs:eu-west-1:111111111111:log-group:/access"
	stage := func(in StageInputs) error {
		in.APIID, in.Name, in.AutoDeploy = "a", "s", true
		return declare(t, p, stages(p.APIs), "s", "", in)
	}
	goesTo := func(arn string) error {
		return stage(StageInputs{AccessLogSettings: &AccessLogInputs{arn, " $context.requestId\n"}})
	}
	wantFailure(t, "no group", goesTo("arn:aws:logs:eu-west-1:111111111111:log-group:/none"), "the access log of stage s goes to arn:aws:logs:eu-west-1:111111111111:log-group:/none: not found")
	wantFailure(t, "group of another account", goesTo(strings.Replace(group, "1111", "2222", 1)), "not found")
	wantFailure(t, "group of another region", goesTo(strings.Replace(group, "eu-west", "us-west", 1)), "not found")
	wantFailure(t, "settings of a missing route", stage(StageInputs{RouteSettings: []RouteSetting{settingOf("GET /items", 1, 1), settingOf("GET /x", 1, 1)}}), "unable to find the route GET /x of the settings of stage s in the API a")

	must(t, goesTo(group))
	must(t, stage(StageInputs{
		AccessLogSettings:    &AccessLogInputs{group + ":*", " $context.requestId\n"},
		DefaultRouteSettings: settingsOf(5, 7),
		RouteSettings:        []RouteSetting{settingOf("GET /items", 0.5, 1)},
	}))
	stages, err := p.Stages()
	must(t, err)
	s := stages["a"][0]
	if s.AccessLog == nil || s.AccessLog.Group != "/access" || s.AccessLog.Format != "$context.requestId" {
		t.Errorf("access log %+v", s.AccessLog)
	}
	if s.Throttle == nil || *s.Throttle != (httpapi.Limit{Rate: 5, Burst: 7}) || !reflect.DeepEqual(s.Throttles, map[string]httpapi.Limit{"GET /items": {Rate: 0.5, Burst: 1}}) {
		t.Errorf("limits %v, %v", s.Throttle, s.Throttles)
	}
	must(t, stage(StageInputs{}))
	stages, err = p.Stages()
	must(t, err)
	if s := stages["a"][0]; s.AccessLog != nil || s.Throttle != nil || len(s.Throttles) > 0 {
		t.Errorf("a stage without settings is %+v", s)
	}
}
