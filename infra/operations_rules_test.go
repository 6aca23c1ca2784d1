package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"skiff/infra/recording"
)

// operationRules returns the rules of accounts, logs, throttles, traces and
// alarms. The stack local has no alarms: a spoilt recording of it has a wrong
// one more.
func operationRules() []rule {
	return []rule{
		{"every resource uses the stack's provider", checkProviders, change(tableType+" items", func(res *recording.Resource) {
			res.Provider = "urn:pulumi:mock::x::pulumi:providers:aws::default::id"
		})},
		{"the provider is bound to the account", checkAccount, recording.Set(accountType, "aws", "allowedAccountIds", []any{"123456789012"})},
		{"every resource is tagged", checkTags, func(r *recording.Stack) {
			delete(nested(r.Of(accountType)["aws"], "defaultTags", "tags"), "Stack")
		}},
		{"requests are logged as JSON, in less than 3 KB", checkAccessLog, func(r *recording.Stack) {
			nested(r.Of(stageType)["api"], "accessLogSettings")["format"] = `{"a":"` + strings.Repeat("a", 3<<10) + `"}`
		}},
		{"the access log needs no resource policy", checkAccessLog, recording.Set(logGroupType, "access", "name", "/x/access")},
		{"the stage is throttled", checkThrottle, func(r *recording.Stack) {
			delete(nested(r.Of(stageType)["api"], "defaultRouteSettings"), "throttlingBurstLimit")
		}},
		{"every throttled route exists", checkThrottle, recording.Set(stageType, "api", "routeSettings", []any{
			map[string]any{"routeKey": "GET /nope", "throttlingRateLimit": 1.0, "throttlingBurstLimit": 1.0, "detailedMetricsEnabled": false},
		})},
		{"exactly the functions that send traces have the right", checkTracing, func(r *recording.Stack) {
			mode := nested(r.Of(functionType)["health"], "tracingConfig")
			mode["mode"] = map[any]string{"Active": "PassThrough", "PassThrough": "Active"}[mode["mode"]]
		}},
		{"alarms notify the topic", checkAlarms, func(r *recording.Stack) {
			r.Resources["more"] = recording.Resource{Type: alarmType, Name: "more", Inputs: map[string]any{"alarmActions": []any{"arn:of:another"}}}
		}},
	}
}

func checkProviders(h held) (offences []string) {
	for key, res := range h.Resources {
		if strings.HasPrefix(res.Type, "aws:") && !throughAWS(res.Provider) {
			offences = append(offences, fmt.Sprintf("%s uses the provider %q", key, res.Provider))
		}
	}
	return offences
}

func checkAccount(h held) (offences []string) {
	in := h.Of(accountType)["aws"].Inputs
	if fmt.Sprint(in["allowedAccountIds"]) != "["+h.set("account")+"]" || in["region"] != h.Settings["aws:region"] || in["maxRetries"] != 25.0 {
		offences = append(offences, fmt.Sprintf("the provider is %v", in))
	}
	return offences
}

func checkTags(h held) (offences []string) {
	tags := nested(h.Of(accountType)["aws"], "defaultTags", "tags")
	want := map[string]any{"Project": tags["Project"], "Stack": "mock", "ManagedBy": "pulumi"}
	if err := json.Unmarshal([]byte(h.set("tags")), &want); err != nil {
		return []string{err.Error()}
	}
	if !maps.Equal(tags, want) || tags["Project"] == nil {
		offences = append(offences, fmt.Sprintf("tags %v, want %v", tags, want))
	}
	return offences
}

// checkAccessLog wants a valid format below the size that API Gateway allows.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func checkAccessLog(h held) (offences []string) {
	log := nested(h.Of(stageType)["api"], "accessLogSettings")
	group := h.Of(logGroupType)["access"]
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
	if name := fmt.Sprint(group.Inputs["name"]); !strings.HasPrefix(name, "/aws/vendedlogs/") || !strings.HasSuffix(name, "-mock/access") || log["destinationArn"] != group.Outputs["arn"] {
		offences = append(offences, fmt.Sprintf("the log goes to %v, and the group is %s", log["destinationArn"], name))
	}
	return offences
}

func checkThrottle(h held) (offences []string) {
	stage := h.Of(stageType)["api"]
	settings := nested(stage, "defaultRouteSettings")
	if rate, _ := strconv.ParseFloat(h.set("throttleRate"), 64); settings["throttlingRateLimit"] != rate || settings["throttlingBurstLimit"] == nil {
		offences = append(offences, fmt.Sprintf("the stage has %v", settings))
	}
	routes, _ := stage.Inputs["routeSettings"].([]any)
	for _, entry := range routes {
		route := entry.(map[string]any)
		if _, ok := h.Of(routeType)[shape(fmt.Sprint(route["routeKey"]))]; !ok {
			offences = append(offences, fmt.Sprintf("%v is throttled but is not a route", route["routeKey"]))
		}
		// An omitted setting of a route is 0, not the stage's value.
		if route["throttlingRateLimit"] == nil || route["throttlingBurstLimit"] == nil ||
			route["detailedMetricsEnabled"] != settings["detailedMetricsEnabled"] {
			offences = append(offences, fmt.Sprintf("the route has %v", route))
		}
	}
	return offences
}

func checkTracing(h held) (offences []string) {
	for name, f := range h.Of(functionType) {
		active := nested(f, "tracingConfig")["mode"] == "Active"
		if may := strings.Contains(fmt.Sprint(h.Of(policyType)[name].Inputs["policy"]), "xray:PutTraceSegments"); may != active {
			offences = append(offences, fmt.Sprintf("%s sends traces: %t, has the right: %t", name, active, may))
		}
	}
	return offences
}

func checkAlarms(h held) (offences []string) {
	want := fmt.Sprintf("[%v]", h.Of(topicType)["alarms"].Outputs["arn"])
	for name, a := range h.Of(alarmType) {
		if fmt.Sprint(a.Inputs["alarmActions"]) != want || fmt.Sprint(a.Inputs["okActions"]) != want || a.Inputs["actionsEnabled"] == false {
			offences = append(offences, fmt.Sprintf("%s notifies %v and %v", name, a.Inputs["alarmActions"], a.Inputs["okActions"]))
		}
	}
	return offences
}
