package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// storeRules are those of tables, queues and secrets.
func storeRules() []rule {
	return []rule{
		{"attributes are keys", checkKeys, func(r *recording.Stack) {
			table := r.Of(tableType)["items"].Inputs
			table["attributes"] = append(table["attributes"].([]any), map[string]any{"name": "ttl", "type": "N"})
		}},
		{"connections are looked up by kind", checkKeys, recording.Set(tableType, "connections", "rangeKey", "ttl")},
		{"rows go when their time is up", checkKeys, recording.Set(tableType, "connections", "ttl", nil)},
		{"tables are kept as is set", checkKept, recording.Set(tableType, "items", "deletionProtectionEnabled", "no")},
		{"indexes change one at a time", checkIndexHook, change(tableType+" items", func(res *recording.Resource) { res.Hooks = nil })},
		{"queues are encrypted", checkQueues, recording.Set(queueType, "dead-events", "sqsManagedSseEnabled", false)},
		{"dead events are kept for 14 days", checkQueues, recording.Set(queueType, "dead-events", "messageRetentionSeconds", 345600.0)},
		{"an event is hidden while it is worked on", checkQueues, recording.Set(queueType, "events", "visibilityTimeoutSeconds", 59.0)},
		{"an event that fails too often is dead", checkQueues, recording.Set(queueType, "events", "redrivePolicy", "")},
		{"events alone die", checkQueues, recording.Set(redriveType, "dead-events", "redriveAllowPolicy", `{"redrivePermission":"allowAll"}`)},
		{"a worker tells which events failed", checkWorker, recording.Set(workerType, "notify", "functionResponseTypes", []any{})},
		{"workers are bounded", checkWorker, recording.Set(workerType, "notify", "scalingConfig", nil)},
		{"one function consumes the queue", checkWorker, add(workerType, nil)},
		{"the program knows no secret", checkSecrets, add(secretVersionType, map[string]any{"secretString": "x"})},
		{"a secret is one function's to read", checkSecrets, func(r *recording.Stack) {
			r.Of(policyType)["health"].Inputs["policy"] = r.Of(policyType)["list-items"].Inputs["policy"]
		}},
		{"a deleted secret comes back as long as is set", checkSecrets, recording.Set(secretType, "cursor-key", "recoveryWindowInDays", 8.0)},
	}
}

// checkKeys wants the attributes to be the keys of table and index, and no more.
func checkKeys(r *recording.Stack) (offences []string) {
	keys := func(name string) string {
		in := r.Of(tableType)[name].Inputs
		return fmt.Sprint(in["hashKey"], " ", in["rangeKey"], " ", in["attributes"], " ", in["globalSecondaryIndexes"], " ", in["ttl"])
	}
	ttl := " map[attributeName:ttl enabled:true]"
	offences = differ("items", keys("items"), "id <nil> [map[name:id type:S] map[name:status type:S] map[name:createdAt type:S]] "+
		"[map[hashKey:status name:status-index projectionType:ALL rangeKey:createdAt]]"+ttl)
	return append(offences, differ("connections", keys("connections"), "kind id [map[name:kind type:S] map[name:id type:S]] <nil>"+ttl)...)
}

func checkKept(r *recording.Stack) (offences []string) {
	for name, table := range r.Of(tableType) {
		offences = append(offences, differ(name+" against deletion", table.Inputs["deletionProtectionEnabled"], r.Settings["skiff:deletionProtection"])...)
		offences = append(offences, differ(name+" to any second", nested(table, "pointInTimeRecovery")["enabled"], r.Settings["skiff:pointInTimeRecovery"])...)
	}
	return offences
}

func checkIndexHook(r *recording.Stack) (offences []string) {
	return differ("items ask before an update", r.Of(tableType)["items"].Hooks, "[before an update one-index-at-a-time]")
}

func checkQueues(r *recording.Stack) (offences []string) {
	events, dead := r.Of(queueType)["events"], r.Of(queueType)["dead-events"]
	for name, q := range r.Of(queueType) {
		offences = append(offences, differ(name+" encrypted", q.Inputs["sqsManagedSseEnabled"], true)...)
	}
	offences = append(offences, differ("dead events kept for", dead.Inputs["messageRetentionSeconds"], 14*24*60*60.0)...)
	timeout, _ := strconv.ParseFloat(r.Settings["skiff:timeout"], 64)
	if hidden, _ := events.Inputs["visibilityTimeoutSeconds"].(float64); hidden < 6*timeout {
		offences = append(offences, fmt.Sprintf("hidden for %v s, with a timeout of %v s", hidden, timeout))
	}
	redrive := object(events.Inputs["redrivePolicy"])
	offences = append(offences, differ("dead after", redrive["maxReceiveCount"], r.Settings["skiff:queueReceives"])...)
	offences = append(offences, differ("dead events go to", redrive["deadLetterTargetArn"], dead.Outputs["arn"])...)
	allow := r.Of(redriveType)["dead-events"].Inputs
	offences = append(offences, differ("the queue of the dead", allow["queueUrl"], dead.Outputs["url"])...)
	return append(offences, differ("takes", object(allow["redriveAllowPolicy"]),
		map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []any{events.Outputs["arn"]}})...)
}

func checkWorker(r *recording.Stack) (offences []string) {
	want := map[string]any{}
	for _, f := range lambdas.Functions() {
		if f.Consumes {
			want[f.Name] = map[string]any{
				"eventSourceArn": r.Of(queueType)["events"].Outputs["arn"], "functionName": r.Of(functionType)[f.Name].Outputs["arn"],
				"batchSize": 10, "functionResponseTypes": "[ReportBatchItemFailures]",
				"scalingConfig": map[string]any{"maximumConcurrency": r.Settings["skiff:workerConcurrency"]},
			}
		}
	}
	got := map[string]any{}
	for name, w := range r.Of(workerType) {
		got[name] = w.Inputs
	}
	return differ("workers", got, want)
}

// checkSecrets wants each to be read by one function, and by no shared policy.
func checkSecrets(r *recording.Stack) (offences []string) {
	for name, secret := range r.Of(secretType) {
		var readers []string
		for _, typ := range []string{policyType, sharedType} {
			for reader, p := range r.Of(typ) {
				if slices.Contains(pairs(p.Inputs["policy"]), fmt.Sprint("secretsmanager:GetSecretValue on ", secret.Outputs["arn"])) {
					readers = append(readers, reader)
				}
			}
		}
		if len(readers) != 1 {
			offences = append(offences, fmt.Sprintf("%s is read by %q", name, readers))
		}
		offences = append(offences, differ(name+" comes back for", secret.Inputs["recoveryWindowInDays"], r.Settings["skiff:secretRecoveryDays"])...)
	}
	for key, res := range r.Resources {
		if strings.HasPrefix(res.Type, "aws:secretsmanager/") && res.Type != secretType {
			offences = append(offences, key+" would hold a value in the state")
		}
	}
	return offences
}
