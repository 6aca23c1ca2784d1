package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// operationRules are those of accounts and operations. Local has no alarms: for
// it their rules hold of nothing, and are broken by one that is there.
func operationRules() []rule {
	return []rule{
		{"everything goes through the stack's provider", checkProviders, func(r *recording.Stack) {
			table := r.Of(tableType)["items"]
			table.Provider = "urn:pulumi:mock::skiff::pulumi:providers:aws::default::id"
			r.Resources[table.Key()] = table
		}},
		{"the provider is bound to the account", checkAccount, recording.Set(providerType, "aws", "allowedAccountIds", []any{"123456789012"})},
		{"every resource is tagged", checkTags, func(r *recording.Stack) {
			delete(nested(r.Of(providerType)["aws"], "defaultTags", "tags"), "Stack")
		}},
		{"requests are logged as JSON, in less than 3 KB", checkAccessLog, func(r *recording.Stack) {
			nested(r.Of(stageType)["api"], "accessLogSettings")["format"] = `{"a":"` + strings.Repeat("a", 3<<10) + `"}`
		}},
		{"the access log needs no resource policy", checkAccessLog, recording.Set(logGroupType, "access", "name", "/skiff/access")},
		{"the stage is throttled", checkThrottle, func(r *recording.Stack) {
			delete(nested(r.Of(stageType)["api"], "defaultRouteSettings"), "throttlingBurstLimit")
		}},
		{"a throttled route is one of the API", checkThrottle, recording.Set(stageType, "api", "routeSettings", []any{
			map[string]any{"routeKey": "GET /nope", "throttlingRateLimit": 1.0, "throttlingBurstLimit": 1.0, "detailedMetricsEnabled": false},
		})},
		{"who sends traces may, and nobody else", checkTracing, func(r *recording.Stack) {
			mode := nested(r.Of(functionType)["health"], "tracingConfig")
			mode["mode"] = map[any]string{"Active": "PassThrough", "PassThrough": "Active"}[mode["mode"]]
		}},
		{"alarms go to the topic and come back from it", checkAlarms, func(r *recording.Stack) {
			r.Resources["more"] = recording.Resource{Type: alarmType, Name: "more", Inputs: map[string]any{"alarmActions": []any{"arn:of:another"}}}
		}},
	}
}

func checkProviders(r *recording.Stack) (offences []string) {
	for key, res := range r.Resources {
		if strings.HasPrefix(res.Type, "aws:") && res.Provider != throughAWS {
			offences = append(offences, fmt.Sprintf("%s goes through %q", key, res.Provider))
		}
	}
	return offences
}

func checkAccount(r *recording.Stack) (offences []string) {
	in := r.Of(providerType)["aws"].Inputs
	if fmt.Sprint(in["allowedAccountIds"]) != "["+r.Settings["skiff:account"]+"]" || in["region"] != r.Settings["aws:region"] || in["maxRetries"] != 25.0 {
		offences = append(offences, fmt.Sprintf("the provider is %v", in))
	}
	return offences
}

func checkTags(r *recording.Stack) (offences []string) {
	tags := nested(r.Of(providerType)["aws"], "defaultTags", "tags")
	want := map[string]any{"Project": "skiff", "Stack": "mock", "ManagedBy": "pulumi"}
	if err := json.Unmarshal([]byte(r.Settings["skiff:tags"]), &want); err != nil {
		return []string{err.Error()}
	}
	if !maps.Equal(tags, want) {
		offences = append(offences, fmt.Sprintf("tags %v, want %v", tags, want))
	}
	return offences
}

// checkAccessLog holds the format to the quota.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func checkAccessLog(r *recording.Stack) (offences []string) {
	log := nested(r.Of(stageType)["api"], "accessLogSettings")
	group := r.Of(logGroupType)["access"]
	format, _ := log["format"].(string)
	var line map[string]string
	if err := json.Unmarshal([]byte(format), &line); err != nil || len(format) >= 3<<10 {
		offences = append(offences, fmt.Sprintf("a format of %d bytes: %v", len(format), err))
	}
	for _, name := range []string{"requestId", "ip", "time", "method", "routeKey", "path", "status", "protocol", "responseLength",
		"integrationError", "integrationLatency", "error"} {
		if !strings.HasPrefix(line[name], "$context.") {
			offences = append(offences, fmt.Sprintf("%s is %q", name, line[name]))
		}
	}
	if name := fmt.Sprint(group.Inputs["name"]); !strings.HasPrefix(name, "/aws/vendedlogs/skiff-mock/") || log["destinationArn"] != group.Outputs["arn"] {
		offences = append(offences, fmt.Sprintf("the log goes to %v, and the group is %s", log["destinationArn"], name))
	}
	return offences
}

func checkThrottle(r *recording.Stack) (offences []string) {
	stage := r.Of(stageType)["api"]
	settings := nested(stage, "defaultRouteSettings")
	if rate, _ := strconv.ParseFloat(r.Settings["skiff:throttleRate"], 64); settings["throttlingRateLimit"] != rate || settings["throttlingBurstLimit"] == nil {
		offences = append(offences, fmt.Sprintf("the stage has %v", settings))
	}
	routes, _ := stage.Inputs["routeSettings"].([]any)
	for _, entry := range routes {
		route := entry.(map[string]any)
		if _, ok := r.Of(routeType)[fmt.Sprint(route["routeKey"])]; !ok {
			offences = append(offences, fmt.Sprintf("%v is throttled, and no route", route["routeKey"]))
		}
		// A setting that is left out is 0 for the route, not the stage's.
		if route["throttlingRateLimit"] == nil || route["throttlingBurstLimit"] == nil ||
			route["detailedMetricsEnabled"] != settings["detailedMetricsEnabled"] {
			offences = append(offences, fmt.Sprintf("the route has %v", route))
		}
	}
	return offences
}

func checkTracing(r *recording.Stack) (offences []string) {
	for name, f := range r.Of(functionType) {
		active := nested(f, "tracingConfig")["mode"] == "Active"
		if may := strings.Contains(fmt.Sprint(r.Of(policyType)[name].Inputs["policy"]), "xray:PutTraceSegments"); may != active {
			offences = append(offences, fmt.Sprintf("%s: sends traces %t, may %t", name, active, may))
		}
	}
	return offences
}

func checkAlarms(r *recording.Stack) (offences []string) {
	want := fmt.Sprintf("[%v]", r.Of(topicType)["alarms"].Outputs["arn"])
	for name, a := range r.Of(alarmType) {
		if fmt.Sprint(a.Inputs["alarmActions"]) != want || fmt.Sprint(a.Inputs["okActions"]) != want || a.Inputs["actionsEnabled"] == false {
			offences = append(offences, fmt.Sprintf("%s goes to %v and %v", name, a.Inputs["alarmActions"], a.Inputs["okActions"]))
		}
	}
	return offences
}

// The credentials of another account end the run by one sentence, before
// anything but the provider is there, whether the provider's own check finds
// them or the program's.
func TestWrongAccount(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	sentence := "account: stack mock belongs to AWS account " + settings["skiff:account"] + " and the credentials are of 123456789012, " +
		"so nothing was changed; sign in to " + settings["skiff:account"] + ", or correct skiff:account, skiff:profile or skiff:role in Pulumi.mock.yaml"
	for name, test := range map[string]struct {
		cloud
		want string
	}{
		"found by the program":  {cloud{caller: "123456789012"}, sentence},
		"found by the provider": {cloud{refusal: fmt.Errorf("configuring: AWS account ID not allowed: 123456789012")}, sentence},
		"no credentials": {cloud{refusal: fmt.Errorf("no valid credential sources")},
			"of account " + settings["skiff:account"] + ", are of; sign in there, or set skiff:profile or skiff:role"},
		"no account": {cloud{}, "AWS did not tell which account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, err := deployIn(t, test.cloud, lambdas.Functions(), settings)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("refused with\n%v\nwant\n%s", err, test.want)
			}
			if got := slices.Collect(maps.Keys(rec.Resources)); !slices.Equal(got, []string{providerType + " aws"}) {
				t.Errorf("%v were registered all the same", got)
			}
		})
	}
}

// A profile and a role are the provider's; without them it has neither, and
// takes what the environment has.
func TestProfileAndRole(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	inputs := func() map[string]any {
		rec, err := deployWith(t, lambdas.Functions(), settings)
		if err != nil {
			t.Fatal(err)
		}
		return rec.Of(providerType)["aws"].Inputs
	}
	if in := inputs(); in["profile"] != nil || in["assumeRole"] != nil {
		t.Errorf("neither is set, and the provider is %v", in)
	}
	role := "arn:aws:iam::" + settings["skiff:account"] + ":role/deploy"
	settings["skiff:profile"], settings["skiff:role"] = "web", role
	if in := inputs(); in["profile"] != "web" || nested(recording.Resource{Inputs: in}, "assumeRole")["roleArn"] != role {
		t.Errorf("the provider is %v", in)
	}
}

// The deploy role of bootstrap may make no role without its boundary.
func TestPermissionsBoundary(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	for _, arn := range []string{"", "arn:aws:iam::" + settings["skiff:account"] + ":policy/bootstrap/skiff-staging-boundary"} {
		settings["skiff:permissionsBoundary"] = arn
		rec, err := deployWith(t, lambdas.Functions(), settings)
		if err != nil {
			t.Fatal(err)
		}
		roles := rec.Of(roleType)
		if len(roles) != len(lambdas.Functions()) {
			t.Fatalf("%d roles", len(roles))
		}
		for name, role := range roles {
			if got, _ := role.Inputs["permissionsBoundary"].(string); got != arn {
				t.Errorf("the role %s is bounded by %q, not %q", name, got, arn)
			}
		}
	}
}

// What holds data is protected, and what clients hold, which is the first that
// a destroy would delete.
func TestProtect(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"true", "false"} {
		settings := settingsOf(t, "staging")
		settings["skiff:protect"] = value
		rec, err := deployWith(t, lambdas.Functions(), settings)
		if err != nil {
			t.Fatal(err)
		}
		for key, res := range rec.Resources {
			if want := value == "true" && (res.Type == tableType || res.Type == stageType); res.Protected != want {
				t.Errorf("protect %s: %s is protected: %t", value, key, res.Protected)
			}
		}
	}
}

// Alarms look at this API, stage and table, and cost no more with more
// functions.
func TestAlarms(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "production")
	settings["skiff:stage"], settings["skiff:alarmEmail"] = "v1", ""
	functions := append(lambdas.Functions(), lambdas.Function{Name: "more", Routes: []string{"GET /more"}})
	rec, err := deployWith(t, functions, settings)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Of(mailType)) != 0 {
		t.Error("mail is sent to nobody")
	}
	alarms := rec.Of(alarmType)
	if len(alarms) != 4 {
		t.Errorf("%d alarms", len(alarms))
	}
	if got := fmt.Sprint(alarms["api-latency"].Inputs["dimensions"]); got != "map[ApiId:api-id of api Stage:v1]" {
		t.Errorf("api-latency looks at %s", got)
	}
	if got := fmt.Sprint(alarms["table-throttles"].Inputs["metricQueries"]); strings.Count(got, "TableName:skiff-mock-items-0000000") != 4 ||
		strings.Count(got, "GlobalSecondaryIndexName:status-index") != 2 {
		t.Errorf("table-throttles looks at %s", got)
	}
	for name, threshold := range map[string]float64{"api-errors": 1, "api-latency": 1000, "function-throttles": 0, "table-throttles": 0} {
		if in := alarms[name].Inputs; in["threshold"] != threshold || in["treatMissingData"] != "notBreaching" {
			t.Errorf("%s: %v", name, in)
		}
	}
}

// The dashboard is what CloudWatch takes as one, and shows every function.
func TestDashboard(t *testing.T) {
	t.Parallel()
	rec := record(t, "production")
	in := rec.Of(dashboardType)["dashboard"].Inputs
	var body struct {
		Widgets []struct {
			Type          string
			Width, Height int
			Properties    struct {
				Title, Region, Query string
				Metrics              [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(fmt.Sprint(in["dashboardBody"])), &body); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, w := range body.Widgets {
		p := w.Properties
		if w.Width < 1 || w.Width > 24 || w.Height < 1 || p.Title == "" || p.Region != rec.Settings["aws:region"] ||
			(w.Type == "metric") != (len(p.Metrics) > 0) || (w.Type == "log") != (p.Query != "") {
			t.Errorf("widget %+v", w)
		}
		for _, line := range p.Metrics {
			// Namespace and metric, pairs of names and values, and how to draw it.
			if len(line)%2 != 1 || len(line) < 5 {
				t.Errorf("%s has the line %v", p.Title, line)
			}
			shown[fmt.Sprint(line[3])] = true
		}
		if p.Query != "" && !strings.Contains(p.Query, fmt.Sprintf("'%v'", rec.Of(logGroupType)["access"].Inputs["name"])) {
			t.Errorf("%s asks %s", p.Title, p.Query)
		}
	}
	for _, f := range rec.Of(functionType) {
		if name := fmt.Sprint(f.Outputs["name"]); !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
	if !shown["api-id of api"] || !shown["skiff-mock-items-0000000"] || in["dashboardName"] != "skiff-mock" {
		t.Errorf("the dashboard %v shows %v", in["dashboardName"], shown)
	}
}
