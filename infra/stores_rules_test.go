package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// storeRules returns the rules of tables, queues, secrets and parameters.
func storeRules() []rule {
	return []rule{
		{"every attribute is a key", checkTables, func(r *recording.Stack) {
			table := r.Of(tableType)["items"].Inputs
			table["attributes"] = append(table["attributes"].([]any), map[string]any{"name": "ttl", "type": "N"})
		}},
		{"a table has its keys", checkTables, recording.Set(tableType, "connections", "rangeKey", "ttl")},
		{"an index has its keys", checkTables, recording.Set(tableType, "orders", "globalSecondaryIndexes", []any{})},
		{"a stream holds what is declared", checkTables, recording.Set(tableType, "orders", "streamViewType", "KEYS_ONLY")},
		{"a table has the declared TTL", checkTables, recording.Set(tableType, "connections", "ttl", nil)},
		{"tables have deletion protection as set", checkKept, recording.Set(tableType, "items", "deletionProtectionEnabled", "no")},
		{"stores have Pulumi's protection as set", checkProtection, change(tableType+" orders", func(res *recording.Resource) { res.Protected = !res.Protected })},
		{"indexes change one at a time", checkIndexHook, change(tableType+" items", func(res *recording.Resource) { res.Hooks = nil })},
		{"queues are encrypted", checkQueues, recording.Set(queueType, "dead-events", "sqsManagedSseEnabled", false)},
		{"a dead-letter queue keeps messages for 14 days", checkQueues, recording.Set(queueType, "dead-events", "messageRetentionSeconds", 345600.0)},
		{"the visibility timeout is six times the function's timeout", checkQueues, recording.Set(queueType, "events", "visibilityTimeoutSeconds", 59.0)},
		{"a message that fails too often goes to the dead-letter queue", checkQueues, recording.Set(queueType, "mails", "redrivePolicy", "")},
		{"a dead-letter queue has one source", checkQueues, recording.Set(redriveType, "dead-events", "redriveAllowPolicy", `{"redrivePermission":"allowAll"}`)},
		{"every queue is declared", checkQueues, add(queueType, map[string]any{"sqsManagedSseEnabled": true})},
		{"the program knows no secret", checkSecrets, add(secretVersionType, map[string]any{"secretString": "x"})},
		{"no shared policy reads a secret", checkSecrets, func(r *recording.Stack) {
			r.Of(sharedType)["items-read"].Inputs["policy"] = r.Of(policyType)["list-items"].Inputs["policy"]
		}},
		{"a secret has the recovery window as set", checkSecrets, recording.Set(secretType, "cursor-key", "recoveryWindowInDays", 8.0)},
		{"every secret is declared", checkSecrets, add(secretType, nil)},
		{"a parameter has the declared first value", checkValues, recording.Set(parameterType, "greeting", "value", "bye")},
	}
}

// checkTables wants each table to have its keys, its indexes' keys and no other
// attribute.
func checkTables(h held) (offences []string) {
	for _, t := range h.Tables {
		made, ok := h.Of(tableType)[t.Name]
		if !ok {
			if !t.Sockets {
				offences = append(offences, "there is no table "+t.Name)
			}
			continue
		}
		want := map[string]any{"hashKey": t.HashKey.Name, "rangeKey": nil, "ttl": nil, "streamViewType": nil, "globalSecondaryIndexes": nil}
		seen := map[string]bool{}
		var attributes []any
		attribute := func(k lambdas.Key) any {
			if k.Name == "" {
				return nil
			}
			if !seen[k.Name] {
				attributes = append(attributes, map[string]any{"name": k.Name, "type": k.Type})
			}
			seen[k.Name] = true
			return k.Name
		}
		attribute(t.HashKey)
		want["rangeKey"] = attribute(t.RangeKey)
		var indexes []any
		for _, d := range t.Indexes {
			index := map[string]any{"name": d.Name, "hashKey": attribute(d.HashKey), "projectionType": "ALL"}
			if key := attribute(d.RangeKey); key != nil {
				index["rangeKey"] = key
			}
			if d.Attributes != nil {
				index["projectionType"] = "KEYS_ONLY"
			}
			if len(d.Attributes) > 0 {
				index["projectionType"], index["nonKeyAttributes"] = "INCLUDE", d.Attributes
			}
			indexes = append(indexes, index)
		}
		want["attributes"] = attributes
		if indexes != nil {
			want["globalSecondaryIndexes"] = indexes
		}
		if t.TTL != "" {
			want["ttl"] = map[string]any{"attributeName": t.TTL, "enabled": true}
		}
		if t.Stream != "" {
			want["streamViewType"] = t.Stream
		}
		got := map[string]any{}
		for key := range want {
			got[key] = made.Inputs[key]
		}
		offences = append(offences, differ("the table "+t.Name, got, want)...)
	}
	return offences
}

func checkKept(h held) (offences []string) {
	for name, table := range h.Of(tableType) {
		offences = append(offences, differ("deletion protection of "+name, table.Inputs["deletionProtectionEnabled"], h.set("deletionProtection"))...)
		offences = append(offences, differ("point-in-time recovery of "+name, nested(table, "pointInTimeRecovery")["enabled"], h.set("pointInTimeRecovery"))...)
	}
	return offences
}

// checkProtection wants Pulumi to protect buckets, and tables except the table
// of connections, whose loss is harmless.
func checkProtection(h held) (offences []string) {
	for _, t := range h.Tables {
		if made, ok := h.Of(tableType)[t.Name]; ok {
			offences = append(offences, differ("protection of the table "+t.Name, made.Protected, h.set("protect") == "true" && !t.Sockets)...)
		}
	}
	for name, b := range h.Of(bucketType) {
		offences = append(offences, differ("protection of the bucket "+name, b.Protected, h.set("protect"))...)
	}
	return offences
}

func checkIndexHook(h held) (offences []string) {
	for _, t := range h.Tables {
		if made, ok := h.Of(tableType)[t.Name]; ok && !t.Sockets {
			offences = append(offences, differ("hooks of the table "+t.Name, made.Hooks, "[before an update one-index-at-a-time]")...)
		}
	}
	return offences
}

// checkQueues wants each consumed queue, with a dead-letter queue that accepts
// only its messages. It also wants a dead-letter queue for each function that
// follows a stream.
func checkQueues(h held) (offences []string) {
	known := map[string]bool{}
	for name := range h.Of(functionType) {
		if f := h.function(name); f.Follows != "" {
			known["dead-"+name] = true
		}
	}
	for _, d := range h.Queues {
		if !slices.ContainsFunc(h.Functions, func(f lambdas.Function) bool { return f.Consumes == d.Name }) {
			continue
		}
		known[d.Name], known["dead-"+d.Name] = true, true
		q, dead := h.Of(queueType)[d.Name], h.Of(queueType)["dead-"+d.Name]
		timeout, _ := strconv.ParseFloat(h.set("timeout"), 64)
		if hidden, _ := q.Inputs["visibilityTimeoutSeconds"].(float64); hidden < 6*timeout {
			offences = append(offences, fmt.Sprintf("%s has a visibility timeout of %v s, and its function a timeout of %v s", d.Name, hidden, timeout))
		}
		redrive := object(q.Inputs["redrivePolicy"])
		offences = append(offences, differ("maxReceiveCount of "+d.Name, redrive["maxReceiveCount"], h.set("queueReceives"))...)
		offences = append(offences, differ("dead-letter queue of "+d.Name, redrive["deadLetterTargetArn"], dead.Outputs["arn"])...)
		allow := h.Of(redriveType)["dead-"+d.Name].Inputs
		offences = append(offences, differ("queue of the redrive policy of "+d.Name, allow["queueUrl"], dead.Outputs["url"])...)
		offences = append(offences, differ("redrive policy of "+d.Name, object(allow["redriveAllowPolicy"]),
			map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []any{q.Outputs["arn"]}})...)
	}
	for name, q := range h.Of(queueType) {
		if !known[name] {
			offences = append(offences, name+" is not declared")
		}
		delete(known, name)
		offences = append(offences, differ(name+" encrypted", q.Inputs["sqsManagedSseEnabled"], true)...)
		if strings.HasPrefix(name, "dead-") {
			offences = append(offences, differ("retention of "+name, q.Inputs["messageRetentionSeconds"], 14*24*60*60.0)...)
		}
	}
	for name := range known {
		offences = append(offences, "there is no queue "+name)
	}
	return offences
}

func checkValues(h held) (offences []string) {
	for _, p := range h.Parameters {
		offences = append(offences, differ("parameter "+p.Name, h.Of(parameterType)[p.Name].Inputs["value"], p.Value)...)
	}
	return offences
}

// checkSecrets wants no secret value in the state, and no shared policy that
// allows reading one. With an issuer there is no token key.
func checkSecrets(h held) (offences []string) {
	declared := map[string]bool{}
	for _, d := range h.Secrets {
		declared[d.Name] = true
		if _, made := h.Of(secretType)[d.Name]; made != (!d.Tokens || h.signs() && (h.sockets() || h.guarded())) {
			offences = append(offences, fmt.Sprintf("the secret %s exists: %t", d.Name, made))
		}
	}
	for name, secret := range h.Of(secretType) {
		if !declared[name] {
			offences = append(offences, name+" is not declared")
		}
		for reader, p := range h.Of(sharedType) {
			if strings.Contains(fmt.Sprint(p.Inputs["policy"]), fmt.Sprint(secret.Outputs["arn"])) {
				offences = append(offences, "the shared policy "+reader+" allows reading "+name)
			}
		}
		offences = append(offences, differ("recovery window of "+name, secret.Inputs["recoveryWindowInDays"], h.set("secretRecoveryDays"))...)
	}
	for key, res := range h.Resources {
		if strings.HasPrefix(res.Type, "aws:secretsmanager/") && res.Type != secretType {
			offences = append(offences, key+" would hold a value in the state")
		}
	}
	return offences
}
