package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
	"skiff/lambdas"
)

const (
	roleType        = "aws:iam/role:Role"
	policyType      = "aws:iam/rolePolicy:RolePolicy"
	logGroupType    = "aws:cloudwatch/logGroup:LogGroup"
	functionType    = "aws:lambda/function:Function"
	permissionType  = "aws:lambda/permission:Permission"
	commandType     = "command:local:Command"
	integrationType = "aws:apigatewayv2/integration:Integration"
	routeType       = "aws:apigatewayv2/route:Route"
	stageType       = "aws:apigatewayv2/stage:Stage"
	apiType         = "aws:apigatewayv2/api:Api"
	tableType       = "aws:dynamodb/table:Table"
	componentType   = "skiff:lambda:Function"
	providerType    = "pulumi:providers:aws"
	deploymentType  = "aws:apigatewayv2/deployment:Deployment"
	alarmType       = "aws:cloudwatch/metricAlarm:MetricAlarm"
	dashboardType   = "aws:cloudwatch/dashboard:Dashboard"
	topicType       = "aws:sns/topic:Topic"
	mailType        = "aws:sns/topicSubscription:TopicSubscription"
)

// rule is what must hold of every stack, and a recording that breaks it: the
// test sees each rule hold, and sees it fail.
type rule struct {
	name  string
	check func(*recording.Stack) (offences []string)
	spoil func(*recording.Stack)
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"local", "staging", "production"} {
		whole := record(t, stack)
		for _, r := range rules() {
			t.Run(stack+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				whole.Prove(t, r.check, r.spoil)
			})
		}
	}
}

func rules() []rule {
	return append(operationRules(), []rule{
		{"a policy allows what is declared and no more", checkPolicies, recording.Set(policyType, "get-item", "policy",
			`{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*"}]}`)},
		{"a role is for Lambda alone", checkTrust, recording.Set(roleType, "get-item", "assumeRolePolicy",
			`{"Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"Service":"ec2.amazonaws.com"}}]}`)},
		{"a function has a role of its own", checkRoles, func(r *recording.Stack) {
			r.Of(functionType)["get-item"].Inputs["role"] = r.Of(roleType)["health"].Outputs["arn"]
		}},
		{"a function logs to a group of its own", checkLogs, func(r *recording.Stack) {
			nested(r.Of(functionType)["get-item"], "loggingConfig")["logGroup"] = "skiff-mock-health-0000000"
		}},
		{"logs do not stay for ever", checkRetention, func(r *recording.Stack) {
			delete(r.Of(logGroupType)["health"].Inputs, "retentionInDays")
		}},
		{"a function waits for its rights", checkOrder, func(r *recording.Stack) {
			f := r.Of(functionType)["health"]
			f.After = nil
			r.Resources[f.Key()] = f
		}},
		{"one permission, for this API, stage and route", checkPermissions, recording.Set(permissionType, "health", "sourceArn",
			"arn:aws:execute-api:mock:123456789012:api/*/*")},
		{"every declared route, to its function", checkRoutes, recording.Set(routeType, "GET /health", "target",
			"integrations/integration-id of get-item")},
		{"no route that is not declared", checkRoutes, func(r *recording.Stack) {
			r.Resources["more"] = recording.Resource{Type: routeType, Name: "GET /more"}
		}},
		{"an integration calls its function", checkIntegrations, recording.Set(integrationType, "health", "payloadFormatVersion", "1.0")},
		{"the function ends before the API gives up", checkTimeouts, recording.Set(functionType, "health", "timeout", 30.0)},
		{"the environment holds what is used", checkEnvironments, func(r *recording.Stack) {
			nested(r.Of(functionType)["health"], "environment", "variables")["TABLE_NAME"] = "items"
		}},
		{"parts belong to their component", checkParts, func(r *recording.Stack) {
			delete(r.Resources, permissionType+" health")
		}},
		{"the stage comes last", checkStage, func(r *recording.Stack) {
			s := r.Of(stageType)["api"]
			s.After = s.After[:2]
			r.Resources[s.Key()] = s
		}},
		{"attributes are keys", checkKeys, func(r *recording.Stack) {
			attributes := r.Of(tableType)["items"].Inputs
			attributes["attributes"] = append(attributes["attributes"].([]any), map[string]any{"name": "ttl", "type": "N"})
		}},
	}...)
}

// nested walks down the inputs; a map that is missing is empty.
func nested(r recording.Resource, path ...string) map[string]any {
	m := r.Inputs
	for _, name := range path {
		m, _ = m[name].(map[string]any)
	}
	return m
}

// checkPolicies compares the pairs of action and resource that a policy allows
// with those declared.
func checkPolicies(r *recording.Stack) (offences []string) {
	table := r.Of(tableType)["items"].Outputs["arn"].(string)
	for _, f := range lambdas.Functions() {
		var want []string
		for _, action := range f.TableActions {
			want = append(want, action+" on "+table)
		}
		for _, action := range f.IndexActions {
			want = append(want, action+" on "+table+"/index/status-index")
		}
		streams := r.Of(logGroupType)[f.Name].Outputs["arn"].(string) + ":*"
		want = append(want, "logs:CreateLogStream on "+streams, "logs:PutLogEvents on "+streams)
		if r.Settings["skiff:tracing"] == "true" {
			want = append(want, traceRights()...)
		}
		var got []string
		for _, s := range statements(r.Of(policyType)[f.Name].Inputs["policy"]) {
			for _, action := range s["Action"].([]any) {
				got = append(got, fmt.Sprintf("%s on %s", action, s["Resource"]))
			}
		}
		if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			offences = append(offences, fmt.Sprintf("%s may %q, want %q", f.Name, got, want))
		}
		for _, pair := range got {
			if action, resource, _ := strings.Cut(pair, " on "); strings.Contains(action, "*") ||
				strings.Contains(resource, "*") && resource != streams && !slices.Contains(traceRights(), pair) {
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
		s := statements(role.Inputs["assumeRolePolicy"])
		if got := fmt.Sprint(s); got != "[map[Action:[sts:AssumeRole] Effect:Allow Principal:map[Service:lambda.amazonaws.com]]]" {
			offences = append(offences, name+" trusts "+got)
		}
	}
	return offences
}

func checkRoles(r *recording.Stack) (offences []string) {
	for name, f := range r.Of(functionType) {
		role := r.Of(roleType)[name]
		if f.Inputs["role"] != role.Outputs["arn"] {
			offences = append(offences, fmt.Sprintf("%s takes the role %v", name, f.Inputs["role"]))
		}
		if r.Of(policyType)[name].Inputs["role"] != role.Outputs["name"] {
			offences = append(offences, name+": the policy is another role's")
		}
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
	for name, f := range r.Of(functionType) {
		if !slices.Contains(f.After, policyType+" "+name) {
			offences = append(offences, name+" does not wait for its policy")
		}
	}
	return offences
}

func checkPermissions(r *recording.Stack) (offences []string) {
	api, stage := r.Of(apiType)["api"].Outputs["executionArn"], r.Of(stageType)["api"].Inputs["name"]
	for _, f := range lambdas.Functions() {
		p := r.Of(permissionType)[f.Name].Inputs
		want := fmt.Sprintf("%v/%v/%s", api, stage, strings.Replace(f.Routes[0], " ", "", 1))
		if len(f.Routes) == 1 && p["sourceArn"] != want {
			offences = append(offences, fmt.Sprintf("%s may be called by %v, want %s", f.Name, p["sourceArn"], want))
		}
		if arn, _ := p["sourceArn"].(string); strings.HasSuffix(arn, "/*/*") || p["principal"] != "apigateway.amazonaws.com" ||
			p["action"] != "lambda:InvokeFunction" || p["function"] != r.Of(functionType)[f.Name].Outputs["name"] {
			offences = append(offences, fmt.Sprintf("%s: %v", f.Name, p))
		}
	}
	return offences
}

func checkRoutes(r *recording.Stack) (offences []string) {
	want := map[string]string{}
	for _, f := range lambdas.Functions() {
		for _, key := range f.Routes {
			want[key] = "integrations/integration-id of " + f.Name
		}
	}
	got := map[string]string{}
	for _, route := range r.Of(routeType) {
		got[fmt.Sprint(route.Inputs["routeKey"])] = fmt.Sprint(route.Inputs["target"])
	}
	if !maps.Equal(got, want) {
		offences = append(offences, fmt.Sprintf("routes %v, want %v", got, want))
	}
	return offences
}

func checkIntegrations(r *recording.Stack) (offences []string) {
	for name, i := range r.Of(integrationType) {
		if i.Inputs["integrationUri"] != r.Of(functionType)[name].Outputs["invokeArn"] ||
			i.Inputs["integrationType"] != "AWS_PROXY" || i.Inputs["payloadFormatVersion"] != "2.0" {
			offences = append(offences, fmt.Sprintf("%s: %v", name, i.Inputs))
		}
	}
	return offences
}

func checkTimeouts(r *recording.Stack) (offences []string) {
	for name, f := range r.Of(functionType) {
		seconds, _ := f.Inputs["timeout"].(float64)
		gateway, _ := r.Of(integrationType)[name].Inputs["timeoutMilliseconds"].(float64)
		if seconds < 1 || seconds > 29 || gateway > 30_000 || gateway < seconds*1000 {
			offences = append(offences, fmt.Sprintf("%s: %v s behind %v ms", name, seconds, gateway))
		}
	}
	return offences
}

func checkEnvironments(r *recording.Stack) (offences []string) {
	for _, f := range lambdas.Functions() {
		want := []string{"LOG_LEVEL"}
		if len(f.TableActions)+len(f.IndexActions) > 0 {
			want = append(want, "TABLE_NAME")
		}
		got := slices.Sorted(maps.Keys(nested(r.Of(functionType)[f.Name], "environment", "variables")))
		if !slices.Equal(got, want) {
			offences = append(offences, fmt.Sprintf("%s: environment %v, want %v", f.Name, got, want))
		}
	}
	return offences
}

// checkParts wants one of each part in each component, with its name, and every
// other resource outside.
func checkParts(r *recording.Stack) (offences []string) {
	want := map[string]string{}
	for _, f := range lambdas.Functions() {
		component := componentType + " " + f.Name
		want[component] = ""
		for _, typ := range []string{commandType, roleType, policyType, logGroupType, functionType, integrationType, permissionType} {
			want[typ+" "+f.Name] = component
		}
		for _, key := range f.Routes {
			want[routeType+" "+key] = component
		}
	}
	for _, key := range single(r.Settings) {
		want[key] = ""
	}
	for key, res := range r.Resources {
		if parent, ok := want[key]; !ok || parent != res.Parent {
			offences = append(offences, key+" is part of "+res.Parent)
		}
		delete(want, key)
	}
	for key := range want {
		offences = append(offences, key+" is missing")
	}
	return offences
}

// single are the resources that there is one of.
func single(settings map[string]string) []string {
	keys := []string{providerType + " aws", tableType + " items", apiType + " api", stageType + " api", deploymentType + " api", logGroupType + " access"}
	if settings["skiff:alarms"] == "true" {
		keys = append(keys, topicType+" alarms")
		for _, name := range []string{"api-errors", "api-latency", "function-throttles", "table-throttles"} {
			keys = append(keys, alarmType+" "+name)
		}
		if settings["skiff:alarmEmail"] != "" {
			keys = append(keys, mailType+" alarms")
		}
	}
	if settings["skiff:dashboard"] == "true" {
		keys = append(keys, dashboardType+" dashboard")
	}
	return keys
}

// checkStage wants the stage to wait, by way of others, for all there is: a
// destroy then begins with it.
func checkStage(r *recording.Stack) (offences []string) {
	before := map[string]bool{}
	next := []string{stageType + " api"}
	for len(next) > 0 {
		res := r.Resources[next[0]]
		next = next[1:]
		for _, key := range append(slices.Clone(res.After), res.Parent) {
			if !before[key] {
				before[key] = true
				next = append(next, key)
			}
		}
	}
	for key, res := range r.Resources {
		if !before[key] && res.Type != stageType && res.Type != providerType {
			offences = append(offences, "the stage does not wait for "+key)
		}
	}
	return offences
}

func checkKeys(r *recording.Stack) (offences []string) {
	attributes := fmt.Sprint(r.Of(tableType)["items"].Inputs["attributes"])
	if attributes != "[map[name:id type:S] map[name:status type:S] map[name:createdAt type:S]]" {
		offences = append(offences, "attributes "+attributes)
	}
	return offences
}

// statements are those of a policy; of a text that is none, nothing.
func statements(text any) []map[string]any {
	var p struct{ Statement []map[string]any }
	if json.Unmarshal([]byte(fmt.Sprint(text)), &p) != nil {
		return nil
	}
	return p.Statement
}
