package main

import (
	"fmt"
	"slices"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// sourceRules returns the rules of the queues, streams and schedules that call
// functions.
func sourceRules() []rule {
	return []rule{
		{"a consumer reports which messages failed", checkWorkers, recording.Set(workerType, "notify", "functionResponseTypes", []any{})},
		{"the concurrency of consumers is limited", checkWorkers, recording.Set(workerType, "mail", "scalingConfig", nil)},
		{"retries of a stream record are limited", checkWorkers, recording.Set(workerType, "count-stream", "maximumRetryAttempts", nil)},
		{"a failed stream record has a dead-letter queue", checkWorkers, recording.Set(workerType, "count-stream", "destinationConfig", nil)},
		{"there is no other event source mapping", checkWorkers, add(workerType, nil)},
		{"an event source mapping depends on the policy", checkSourceOrder, change(workerType+" notify", func(res *recording.Resource) { res.After = nil })},
		{"a schedule depends on its policy", checkSourceOrder, change(scheduleType+" sweep", func(res *recording.Resource) { res.After = nil })},
		{"a schedule is as declared", checkSchedules, recording.Set(scheduleType, "sweep", "scheduleExpressionTimezone", "UTC")},
		{"Scheduler may call only the function", checkSchedules, recording.Set(policyType, "sweep-schedule", "policy",
			`{"Statement":[{"Effect":"Allow","Action":["lambda:InvokeFunction"],"Resource":"*"}]}`)},
		{"Scheduler may assume the role only for this account", checkSchedules, recording.Set(roleType, "sweep-schedule", "assumeRolePolicy",
			`{"Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"Service":"scheduler.amazonaws.com"}}]}`)},
	}
}

func checkWorkers(h held) (offences []string) {
	want := map[string]any{}
	partial := "[ReportBatchItemFailures]"
	for name, made := range h.Of(functionType) {
		f := h.function(name)
		if f.Consumes != "" {
			want[name] = map[string]any{"eventSourceArn": h.arns()[lambdas.Resource{Queue: f.Consumes}], "functionName": made.Outputs["arn"],
				"batchSize": 10, "functionResponseTypes": partial, "scalingConfig": map[string]any{"maximumConcurrency": h.set("workerConcurrency")}}
		}
		if f.Follows != "" {
			dead := h.Of(queueType)["dead-"+name].Outputs["arn"]
			want[name+"-stream"] = map[string]any{"eventSourceArn": h.Of(tableType)[f.Follows].Outputs["streamArn"], "functionName": made.Outputs["arn"],
				"startingPosition": "LATEST", "batchSize": 10, "bisectBatchOnFunctionError": true, "functionResponseTypes": partial,
				"maximumRetryAttempts": 5, "maximumRecordAgeInSeconds": 21600,
				"destinationConfig": map[string]any{"onFailure": map[string]any{"destinationArn": dead}}}
		}
	}
	got := map[string]any{}
	for name, w := range h.Of(workerType) {
		got[name] = w.Inputs
	}
	return differ("workers", got, want)
}

// checkSourceOrder wants event source mappings and schedules to depend on their
// policies.
func checkSourceOrder(h held) (offences []string) {
	for name, w := range h.Of(workerType) {
		if !slices.Contains(w.After, policyType+" "+strings.TrimSuffix(name, "-stream")) {
			offences = append(offences, w.Key()+" does not depend on its policy")
		}
	}
	for name, s := range h.Of(scheduleType) {
		if !slices.Contains(s.After, policyType+" "+name+"-schedule") {
			offences = append(offences, s.Key()+" does not depend on its policy")
		}
	}
	return offences
}

func checkSchedules(h held) (offences []string) {
	got, want := map[string]any{}, map[string]any{}
	for name, s := range h.Of(scheduleType) {
		target := nested(s, "target")
		got[name] = fmt.Sprint(s.Inputs["scheduleExpression"], " ", s.Inputs["scheduleExpressionTimezone"], " ", target["arn"], " ", target["roleArn"])
	}
	for _, f := range h.Functions {
		if f.Schedule == "" {
			continue
		}
		zone := f.TimeZone
		if zone == "" {
			zone = "UTC"
		}
		function, role := h.Of(functionType)[f.Name].Outputs["arn"], f.Name+"-schedule"
		want[f.Name] = fmt.Sprint(f.Schedule, " ", zone, " ", function, " ", h.Of(roleType)[role].Outputs["arn"])
		offences = append(offences, differ(role+" may", pairs(h.Of(policyType)[role].Inputs["policy"]), []string{fmt.Sprint("lambda:InvokeFunction on ", function)})...)
		offences = append(offences, differ(role+" trusts", statements(h.Of(roleType)[role].Inputs["assumeRolePolicy"]), fmt.Sprintf(
			"[map[Action:[sts:AssumeRole] Condition:map[StringEquals:map[aws:SourceAccount:%s]] Effect:Allow Principal:map[Service:scheduler.amazonaws.com]]]", h.set("account")))...)
	}
	return append(offences, differ("schedules", got, want)...)
}
