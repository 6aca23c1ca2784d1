package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// functionRules returns the rules of functions and their rights.
func functionRules() []rule {
	return []rule{
		{"a policy allows only what is declared", checkPolicies, recording.Set(policyType, "get-item", "policy",
			`{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*"}]}`)},
		{"a right is on the declared resource", checkPolicies, func(r *recording.Stack) {
			p := r.Of(policyType)["socket"].Inputs
			p["policy"] = strings.ReplaceAll(p["policy"].(string), "table/connections", "table/items")
		}},
		{"only Lambda may assume a role", checkTrust, recording.Set(roleType, "get-item", "assumeRolePolicy",
			`{"Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"Service":"ec2.amazonaws.com"}}]}`)},
		{"each function has its own role", checkRoles, func(r *recording.Stack) {
			r.Of(functionType)["get-item"].Inputs["role"] = r.Of(roleType)["health"].Outputs["arn"]
		}},
		{"each function has its own log group", checkLogs,
			within(functionType, "get-item", "loggingConfig", "logGroup", "mock-health-0000000")},
		{"logs expire", checkRetention, recording.Set(logGroupType, "health", "retentionInDays", nil)},
		{"a function depends on its policy", checkOrder, change(functionType+" health", func(res *recording.Resource) { res.After = nil })},
		{"the environment has no unused variable", checkEnvironments, func(r *recording.Stack) {
			nested(r.Of(functionType)["health"], "environment", "variables")["TABLE_NAME"] = "items"
		}},
		{"the environment names the right resource", checkEnvironments, func(r *recording.Stack) {
			nested(r.Of(functionType)["notify"], "environment", "variables")["CONNECTIONS_TABLE_NAME"] = "mock-items-0000000"
		}},
	}
}

// component returns the key of a function's component.
func (h held) component(function string) string {
	for key := range h.Resources {
		if typ, name, _ := strings.Cut(key, " "); strings.HasSuffix(typ, ":lambda:Function") && name == function {
			return key
		}
	}
	return "no component " + function
}

// arns returns the ARNs of the declared resources that the stack has.
func (h held) arns() map[lambdas.Resource]string {
	all := map[lambdas.Resource]string{}
	put := func(resource lambdas.Resource, typ, name, output, rest string) {
		if arn, ok := h.Of(typ)[name].Outputs[output]; ok {
			all[resource] = fmt.Sprint(arn, rest)
		}
	}
	for _, t := range h.Tables {
		put(lambdas.Resource{Table: t.Name}, tableType, t.Name, "arn", "")
		for _, index := range t.Indexes {
			put(lambdas.Resource{Table: t.Name, Index: index.Name}, tableType, t.Name, "arn", "/index/"+index.Name)
		}
	}
	for _, q := range h.Queues {
		put(lambdas.Resource{Queue: q.Name}, queueType, q.Name, "arn", "")
	}
	for _, x := range h.Secrets {
		put(lambdas.Resource{Secret: x.Name}, secretType, x.Name, "arn", "")
	}
	for _, b := range h.Buckets {
		put(lambdas.Resource{Bucket: b.Name}, bucketType, b.Name, "arn", "")
	}
	for _, p := range h.Parameters {
		put(lambdas.Resource{Parameter: p.Name}, parameterType, p.Name, "arn", "")
	}
	put(lambdas.Resource{Clients: true}, apiType, "sockets", "executionArn", "/live/POST/@connections/*")
	return all
}

// rightsOf returns the expected rights of a function, as "action on resource":
// the declared ones, those for polling and those for logging.
func (h held) rightsOf(f lambdas.Function) (want []string) {
	at := h.arns()
	for resource, actions := range f.Rights {
		for _, action := range actions {
			arn := at[resource]
			if resource.Bucket != "" && action != "s3:ListBucket" {
				arn += "/*"
			}
			if at[resource] != "" {
				want = append(want, action+" on "+arn)
			}
		}
	}
	if f.Consumes != "" {
		for _, action := range []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} {
			want = append(want, action+" on "+at[lambdas.Resource{Queue: f.Consumes}])
		}
	}
	if f.Follows != "" {
		for _, action := range []string{"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"} {
			want = append(want, fmt.Sprint(action, " on ", h.Of(tableType)[f.Follows].Outputs["streamArn"]))
		}
		want = append(want, "dynamodb:ListStreams on *")
		want = append(want, fmt.Sprint("sqs:SendMessage on ", h.Of(queueType)["dead-"+f.Name].Outputs["arn"]))
	}
	streams := fmt.Sprint(h.Of(logGroupType)[f.Name].Outputs["arn"]) + ":*"
	want = append(want, "logs:CreateLogStream on "+streams, "logs:PutLogEvents on "+streams)
	if h.set("tracing") == "true" {
		want = append(want, traceRights()...)
	}
	slices.Sort(want)
	return want
}

// checkPolicies compares the rights that a policy allows with the expected
// ones. A star in an ARN is allowed only for connections, objects and log
// streams. X-Ray's actions support no resource.
func checkPolicies(h held) (offences []string) {
	for name := range h.Of(functionType) {
		f := h.function(name)
		got := pairs(h.Of(policyType)[name].Inputs["policy"])
		offences = append(offences, differ(name+" may", got, h.rightsOf(f))...)
		for _, pair := range got {
			action, resource, _ := strings.Cut(pair, " on ")
			if strings.Contains(action, "*") || resource == "*" && pair != "dynamodb:ListStreams on *" && !slices.Contains(traceRights(), pair) {
				offences = append(offences, name+" may do "+pair)
			}
		}
	}
	return offences
}

// function returns the declaration of a function.
func (h held) function(name string) lambdas.Function {
	for _, f := range h.Functions {
		if f.Name == name {
			return f
		}
	}
	return lambdas.Function{Name: "undeclared " + name}
}

// traceRights returns the rights on "*" that a function may have: X-Ray's
// actions support no resource.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
func traceRights() []string {
	return []string{"xray:PutTraceSegments on *", "xray:PutTelemetryRecords on *"}
}

func checkTrust(h held) (offences []string) {
	for name := range h.Of(functionType) {
		role := h.Of(roleType)[name]
		offences = append(offences, differ(name+" trusts", statements(role.Inputs["assumeRolePolicy"]),
			"[map[Action:[sts:AssumeRole] Effect:Allow Principal:map[Service:lambda.amazonaws.com]]]")...)
	}
	return offences
}

func checkRoles(h held) (offences []string) {
	for name, f := range h.Of(functionType) {
		role := h.Of(roleType)[name]
		offences = append(offences, differ("the role of "+name, f.Inputs["role"], role.Outputs["arn"])...)
		offences = append(offences, differ("the role of the policy "+name, h.Of(policyType)[name].Inputs["role"], role.Outputs["name"])...)
	}
	return offences
}

func checkLogs(h held) (offences []string) {
	for name, f := range h.Of(functionType) {
		logging := nested(f, "loggingConfig")
		if logging["logGroup"] != h.Of(logGroupType)[name].Outputs["name"] || logging["logFormat"] != "JSON" {
			offences = append(offences, fmt.Sprintf("%s logs to %v", name, logging))
		}
	}
	return offences
}

func checkRetention(h held) (offences []string) {
	for name, group := range h.Of(logGroupType) {
		if days, ok := group.Inputs["retentionInDays"].(float64); !ok || days < 1 {
			offences = append(offences, name+" keeps its logs for ever")
		}
	}
	return offences
}

func checkOrder(h held) (offences []string) {
	for name, f := range h.Of(functionType) {
		if !slices.Contains(f.After, policyType+" "+name) {
			offences = append(offences, f.Key()+" does not depend on its policy")
		}
	}
	return offences
}

// checkEnvironments wants exactly the variables of the resources that a
// function has rights on.
func checkEnvironments(h held) (offences []string) {
	for name, made := range h.Of(functionType) {
		want := map[string]any{"LOG_LEVEL": h.set("logLevel")}
		f := h.function(name)
		for resource := range f.Rights {
			variable, value := h.variable(resource)
			if value != nil {
				want[variable] = value
			}
		}
		if f.Consumes != "" {
			variable, value := h.variable(lambdas.Resource{Queue: f.Consumes})
			want[variable] = value
		}
		if url, audiences := h.issued(); f.Authorizes && url != "" {
			want["TOKEN_ISSUER"], want["TOKEN_AUDIENCES"] = url, strings.Join(audiences, ",")
		}
		offences = append(offences, differ("the environment of "+name, nested(made, "environment", "variables"), want)...)
	}
	return offences
}

// variable returns the environment variable of a resource and its value, which
// is nil if the stack does not have the resource.
func (h held) variable(resource lambdas.Resource) (string, any) {
	spelt := func(own, name, kind, what string) string {
		return strings.ToUpper(strings.ReplaceAll(cmp.Or(own, name+"_"+kind)+"_"+what, "-", "_"))
	}
	for _, t := range h.Tables {
		if t.Name == resource.Table {
			return spelt(t.Label, t.Name, "table", "name"), h.Of(tableType)[t.Name].Outputs["name"]
		}
	}
	for _, q := range h.Queues {
		if q.Name == resource.Queue {
			return spelt(q.Label, q.Name, "queue", "url"), h.Of(queueType)[q.Name].Outputs["url"]
		}
	}
	switch {
	case resource.Secret != "":
		return spelt("", resource.Secret, "secret", "")[:len(resource.Secret)+len("_SECRET")], h.Of(secretType)[resource.Secret].Outputs["arn"]
	case resource.Parameter != "":
		return strings.ToUpper(resource.Parameter) + "_PARAMETER", h.Of(parameterType)[resource.Parameter].Inputs["name"]
	case resource.Bucket != "":
		return spelt("", resource.Bucket, "bucket", "name"), h.Of(bucketType)[resource.Bucket].Outputs["bucket"]
	}
	return "CONNECTIONS_URL", strings.Replace(fmt.Sprint(h.Of(apiType)["sockets"].Outputs["apiEndpoint"]), "wss", "https", 1) + "/live"
}
