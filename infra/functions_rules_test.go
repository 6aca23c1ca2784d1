package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// functionRules are those of the functions and what they may do.
func functionRules() []rule {
	return []rule{
		{"a policy allows what is declared and no more", checkPolicies, recording.Set(policyType, "get-item", "policy",
			`{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*"}]}`)},
		{"a right is on what it is declared on", checkPolicies, func(r *recording.Stack) {
			p := r.Of(policyType)["socket"].Inputs
			p["policy"] = strings.ReplaceAll(p["policy"].(string), "table/connections", "table/items")
		}},
		{"a role is for Lambda alone", checkTrust, recording.Set(roleType, "get-item", "assumeRolePolicy",
			`{"Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"Service":"ec2.amazonaws.com"}}]}`)},
		{"a function has a role of its own", checkRoles, func(r *recording.Stack) {
			r.Of(functionType)["get-item"].Inputs["role"] = r.Of(roleType)["health"].Outputs["arn"]
		}},
		{"a function logs to a group of its own", checkLogs,
			within(functionType, "get-item", "loggingConfig", "logGroup", "skiff-mock-health-0000000")},
		{"logs do not stay for ever", checkRetention, recording.Set(logGroupType, "health", "retentionInDays", nil)},
		{"a function waits for its rights", checkOrder, change(functionType+" health", func(res *recording.Resource) { res.After = nil })},
		{"a worker waits for its rights", checkOrder, change(workerType+" notify", func(res *recording.Resource) { res.After = nil })},
		{"the environment holds what is used", checkEnvironments, func(r *recording.Stack) {
			nested(r.Of(functionType)["health"], "environment", "variables")["TABLE_NAME"] = "items"
		}},
		{"the environment tells of the right thing", checkEnvironments, func(r *recording.Stack) {
			nested(r.Of(functionType)["notify"], "environment", "variables")["CONNECTIONS_TABLE_NAME"] = "skiff-mock-items-0000000"
		}},
	}
}

// arns are where the declared resources are; "" for what the stack has not.
func arns(r *recording.Stack) map[lambdas.Resource]string {
	table := fmt.Sprint(r.Of(tableType)["items"].Outputs["arn"])
	all := map[lambdas.Resource]string{
		lambdas.ItemsTable:       table,
		lambdas.StatusIndex:      table + "/index/status-index",
		lambdas.ConnectionsTable: fmt.Sprint(r.Of(tableType)["connections"].Outputs["arn"]),
		lambdas.EventQueue:       fmt.Sprint(r.Of(queueType)["events"].Outputs["arn"]),
		lambdas.CursorKey:        fmt.Sprint(r.Of(secretType)["cursor-key"].Outputs["arn"]),
		lambdas.Connections:      fmt.Sprint(r.Of(apiType)["sockets"].Outputs["executionArn"]) + "/live/POST/@connections/*",
	}
	if key, ok := r.Of(secretType)["token-key"]; ok {
		all[lambdas.TokenKey] = fmt.Sprint(key.Outputs["arn"])
	}
	return all
}

// checkPolicies compares the pairs of action and resource that a policy allows
// with those declared. Connections and log streams have no names to name, and
// X-Ray has no resources.
func checkPolicies(r *recording.Stack) (offences []string) {
	at := arns(r)
	for _, f := range lambdas.Functions() {
		var want []string
		for resource, actions := range f.Rights {
			for _, action := range actions {
				if at[resource] != "" {
					want = append(want, action+" on "+at[resource])
				}
			}
		}
		streams := fmt.Sprint(r.Of(logGroupType)[f.Name].Outputs["arn"]) + ":*"
		want = append(want, "logs:CreateLogStream on "+streams, "logs:PutLogEvents on "+streams)
		if r.Settings["skiff:tracing"] == "true" {
			want = append(want, traceRights()...)
		}
		slices.Sort(want)
		got := pairs(r.Of(policyType)[f.Name].Inputs["policy"])
		offences = append(offences, differ(f.Name+" may", got, want)...)
		for _, pair := range got {
			if action, resource, _ := strings.Cut(pair, " on "); strings.Contains(action, "*") ||
				strings.Contains(resource, "*") && resource != streams && resource != at[lambdas.Connections] && !slices.Contains(traceRights(), pair) {
				offences = append(offences, f.Name+" may "+pair)
			}
		}
	}
	return offences
}

// traceRights are the one exception of the rule that a resource is named: X-Ray
// has none to name.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
func traceRights() []string {
	return []string{"xray:PutTraceSegments on *", "xray:PutTelemetryRecords on *"}
}

func checkTrust(r *recording.Stack) (offences []string) {
	for name, role := range r.Of(roleType) {
		offences = append(offences, differ(name+" trusts", statements(role.Inputs["assumeRolePolicy"]),
			"[map[Action:[sts:AssumeRole] Effect:Allow Principal:map[Service:lambda.amazonaws.com]]]")...)
	}
	return offences
}

func checkRoles(r *recording.Stack) (offences []string) {
	for name, f := range r.Of(functionType) {
		role := r.Of(roleType)[name]
		offences = append(offences, differ(name+" takes the role", f.Inputs["role"], role.Outputs["arn"])...)
		offences = append(offences, differ(name+" has a policy of", r.Of(policyType)[name].Inputs["role"], role.Outputs["name"])...)
	}
	return offences
}

func checkLogs(r *recording.Stack) (offences []string) {
	for name, f := range r.Of(functionType) {
		logging := nested(f, "loggingConfig")
		if logging["logGroup"] != r.Of(logGroupType)[name].Outputs["name"] || logging["logFormat"] != "JSON" {
			offences = append(offences, fmt.Sprintf("%s logs to %v", name, logging))
		}
	}
	return offences
}

func checkRetention(r *recording.Stack) (offences []string) {
	for name, group := range r.Of(logGroupType) {
		if days, ok := group.Inputs["retentionInDays"].(float64); !ok || days < 1 {
			offences = append(offences, name+" keeps its logs for ever")
		}
	}
	return offences
}

func checkOrder(r *recording.Stack) (offences []string) {
	for _, typ := range []string{functionType, workerType} {
		for name, f := range r.Of(typ) {
			if !slices.Contains(f.After, policyType+" "+name) {
				offences = append(offences, f.Key()+" does not wait for its policy")
			}
		}
	}
	return offences
}

// checkEnvironments wants the variables of what a function has rights on, and no
// others.
func checkEnvironments(r *recording.Stack) (offences []string) {
	at := arns(r)
	table := map[string]any{"TABLE_NAME": r.Of(tableType)["items"].Outputs["name"]}
	told := map[lambdas.Resource]map[string]any{
		lambdas.ItemsTable:       table,
		lambdas.StatusIndex:      table,
		lambdas.ConnectionsTable: {"CONNECTIONS_TABLE_NAME": r.Of(tableType)["connections"].Outputs["name"]},
		lambdas.EventQueue:       {"QUEUE_URL": r.Of(queueType)["events"].Outputs["url"]},
		lambdas.CursorKey:        {"CURSOR_KEY_SECRET": at[lambdas.CursorKey]},
		lambdas.TokenKey:         {"TOKEN_KEY_SECRET": at[lambdas.TokenKey]},
		lambdas.Connections:      {"CONNECTIONS_URL": "https://sockets.execute-api.mock.amazonaws.com/live"},
	}
	if at[lambdas.TokenKey] == "" {
		var audiences []string
		for _, audience := range array(r.Settings["skiff:audiences"]) {
			audiences = append(audiences, fmt.Sprint(audience))
		}
		told[lambdas.TokenKey] = map[string]any{"TOKEN_ISSUER": r.Settings["skiff:issuer"], "TOKEN_AUDIENCES": strings.Join(audiences, ",")}
	}
	for _, f := range lambdas.Functions() {
		want := map[string]any{"LOG_LEVEL": r.Settings["skiff:logLevel"]}
		for resource := range f.Rights {
			maps.Copy(want, told[resource])
		}
		offences = append(offences, differ("the environment of "+f.Name, nested(r.Of(functionType)[f.Name], "environment", "variables"), want)...)
	}
	return offences
}
