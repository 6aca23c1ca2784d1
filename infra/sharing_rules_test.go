package main

import (
	"fmt"
	"slices"
	"strings"

	"skiff/infra/recording"
)

// sharingRules returns the rules of the parameters and policies that the stack
// shares with other services.
func sharingRules() []rule {
	return []rule{
		{"every shared parameter has the right value", checkParameters, recording.Set(parameterType, "tableName", "value", "items")},
		{"names of parameters begin with project and stack", checkParameters, recording.Set(parameterType, "queueUrl", "name", "/queueUrl")},
		{"no parameter contains the ARN of a secret", checkParameters, func(r *recording.Stack) {
			r.Of(parameterType)["tableArn"].Inputs["value"] = r.Of(secretType)["cursor-key"].Outputs["arn"]
		}},
		{"there is no other parameter", checkParameters, add(parameterType, map[string]any{"name": "/x/mock/more", "value": "x"})},
		{"a shared policy allows only what its name says", checkShared, recording.Set(sharedType, "items-read", "policy",
			`{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*"}]}`)},
	}
}

// sharedValues returns the expected values of the shared parameters.
func (h held) sharedValues() map[string]any {
	out := func(typ, name, output string) any { return h.Of(typ)[name].Outputs[output] }
	all := map[string]any{
		"apiId": "api-id of api", "apiExecutionArn": out(apiType, "api", "executionArn"), "apiUrl": h.Outputs["apiUrl"],
		"apiStage": h.set("stage"), "apiAutoDeploy": h.set("autoDeploy"), "apiAccessLog": out(logGroupType, "access", "name"),
	}
	for _, f := range h.Functions {
		if len(f.Routes) > 0 {
			route := h.Of(routeType)[shape(f.Routes[0])].Inputs
			all["authorizationType"], all["authorizerId"] = route["authorizationType"], route["authorizerId"]
		}
	}
	if h.sockets() {
		all["socketUrl"] = "wss://sockets.execute-api.mock.amazonaws.com/live"
		all["socketPostUrl"] = "https://sockets.execute-api.mock.amazonaws.com/live"
		all["socketPostArn"] = "arn:aws:execute-api:mock:123456789012:sockets/live/POST/@connections/*"
	}
	for _, t := range h.Tables {
		if l := labelOf(t.Label, t.Name, "table"); t.Shared || t.Sockets && h.sockets() {
			all[l.member("name")], all[l.member("arn")] = out(tableType, t.Name, "name"), out(tableType, t.Name, "arn")
		}
	}
	for _, q := range h.Queues {
		if l := labelOf(q.Label, q.Name, "queue"); q.Shared && h.Of(queueType)[q.Name].Type != "" {
			all[l.member("url")], all[l.member("arn")] = out(queueType, q.Name, "url"), out(queueType, q.Name, "arn")
		}
	}
	for _, b := range h.Buckets {
		if l := labelOf(b.Label, b.Name, "bucket"); b.Shared {
			all[l.member("name")], all[l.member("arn")] = out(bucketType, b.Name, "bucket"), out(bucketType, b.Name, "arn")
		}
	}
	for name, p := range h.Of(sharedType) {
		all[label(name).member("policyArn")] = p.Outputs["arn"]
	}
	return all
}

func checkParameters(h held) (offences []string) {
	want := map[string]string{}
	for name, value := range h.sharedValues() {
		want[name] = fmt.Sprintf("%s String %v", h.path(name), value)
	}
	for _, p := range h.Parameters {
		want[p.Name] = fmt.Sprintf("%s String %v", h.path(p.Name), p.Value)
	}
	got := map[string]string{}
	for name, p := range h.Of(parameterType) {
		got[name] = fmt.Sprintf("%v %v %v", p.Inputs["name"], p.Inputs["type"], p.Inputs["value"])
		if strings.Contains(got[name], "secret") {
			offences = append(offences, name+" is "+got[name])
		}
	}
	return append(offences, differ("parameters", got, want)...)
}

// path returns the full name of a parameter of the stack.
func (h held) path(name string) string {
	tags := nested(h.Of(accountType)["aws"], "defaultTags", "tags")
	return fmt.Sprintf("/%v/%v/%s", tags["Project"], tags["Stack"], name)
}

// checkShared wants the policies of each shared store, with rights on that
// store only.
func checkShared(h held) (offences []string) {
	want := map[string]string{}
	allow := func(name string, pairs ...string) {
		slices.Sort(pairs)
		want[name] = fmt.Sprint(pairs)
	}
	for _, t := range h.Tables {
		if !t.Shared {
			continue
		}
		arn := fmt.Sprint(h.Of(tableType)[t.Name].Outputs["arn"])
		read := []string{"dynamodb:GetItem on " + arn, "dynamodb:BatchGetItem on " + arn}
		if t.RangeKey.Name != "" {
			read = append(read, "dynamodb:Query on "+arn)
		}
		for _, index := range t.Indexes {
			read = append(read, "dynamodb:Query on "+arn+"/index/"+index.Name)
		}
		allow(t.Name+"-read", read...)
		allow(t.Name+"-write", "dynamodb:PutItem on "+arn, "dynamodb:UpdateItem on "+arn, "dynamodb:DeleteItem on "+arn)
	}
	for _, q := range h.Queues {
		if made := h.Of(queueType)[q.Name]; q.Shared && made.Type != "" {
			allow(q.Name+"-send", fmt.Sprint("sqs:SendMessage on ", made.Outputs["arn"]))
		}
	}
	for _, b := range h.Buckets {
		if arn := fmt.Sprint(h.Of(bucketType)[b.Name].Outputs["arn"]); b.Shared {
			allow(b.Name+"-read", "s3:GetObject on "+arn+"/*", "s3:ListBucket on "+arn)
			allow(b.Name+"-write", "s3:PutObject on "+arn+"/*", "s3:DeleteObject on "+arn+"/*")
		}
	}
	got := map[string]string{}
	for name, p := range h.Of(sharedType) {
		got[name] = fmt.Sprint(pairs(p.Inputs["policy"]))
	}
	return differ("shared policies", got, want)
}
