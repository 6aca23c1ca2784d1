package main

import (
	"fmt"
	"strings"

	"skiff/infra/recording"
)

// sharingRules are those of what other services are told and may be given.
func sharingRules() []rule {
	return []rule{
		{"what is shared is there, and tells the truth", checkParameters, recording.Set(parameterType, "tableName", "value", "items")},
		{"parameters are below the project and stack", checkParameters, recording.Set(parameterType, "queueUrl", "name", "/queueUrl")},
		{"no parameter tells of a secret", checkParameters, func(r *recording.Stack) {
			r.Of(parameterType)["tableArn"].Inputs["value"] = r.Of(secretType)["cursor-key"].Outputs["arn"]
		}},
		{"what is shared is all", checkParameters, add(parameterType, map[string]any{"name": "/skiff/mock/more", "value": "x"})},
		{"a shared policy allows what it says", checkShared, recording.Set(sharedType, "items-read", "policy",
			`{"Statement":[{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*"}]}`)},
	}
}

// parameters are where the value of each is in the recording: the key of a
// resource and the name of an output, or a text.
func parameters() map[string][]string {
	return map[string][]string{
		"apiId":                {"api-id of api"},
		"apiExecutionArn":      {apiType + " api", "executionArn"},
		"apiUrl":               {"", "apiUrl"},
		"apiStage":             {stageType + " api", "name"},
		"apiAutoDeploy":        {stageType + " api", "autoDeploy"},
		"apiAccessLog":         {logGroupType + " access", "name"},
		"authorizationType":    {routeType + " POST /items", "authorizationType"},
		"authorizerId":         {routeType + " POST /items", "authorizerId"},
		"socketUrl":            {"wss://sockets.execute-api.mock.amazonaws.com/live"},
		"socketPostUrl":        {"https://sockets.execute-api.mock.amazonaws.com/live"},
		"socketPostArn":        {"arn:aws:execute-api:mock:123456789012:sockets/live/POST/@connections/*"},
		"connectionsTableName": {tableType + " connections", "name"},
		"connectionsTableArn":  {tableType + " connections", "arn"},
		"tableName":            {tableType + " items", "name"},
		"tableArn":             {tableType + " items", "arn"},
		"queueUrl":             {queueType + " events", "url"},
		"queueArn":             {queueType + " events", "arn"},
		"itemsReadPolicyArn":   {sharedType + " items-read", "arn"},
		"itemsWritePolicyArn":  {sharedType + " items-write", "arn"},
		"eventsSendPolicyArn":  {sharedType + " events-send", "arn"},
	}
}

func checkParameters(r *recording.Stack) (offences []string) {
	want := map[string]string{}
	for name, at := range parameters() {
		value := any(at[0])
		if len(at) > 1 && at[0] == "" {
			value = r.Outputs[at[1]]
		} else if len(at) > 1 {
			value = r.Resources[at[0]].Outputs[at[1]]
		}
		want[name] = fmt.Sprintf("/skiff/mock/%s String %v", name, value)
	}
	got := map[string]string{}
	for name, p := range r.Of(parameterType) {
		got[name] = fmt.Sprintf("%v %v %v", p.Inputs["name"], p.Inputs["type"], p.Inputs["value"])
		if strings.Contains(got[name], "secret") {
			offences = append(offences, name+" is "+got[name])
		}
	}
	return append(offences, differ("parameters", got, want)...)
}

func checkShared(r *recording.Stack) (offences []string) {
	table, queue := r.Of(tableType)["items"].Outputs["arn"], r.Of(queueType)["events"].Outputs["arn"]
	want := map[string]string{
		"items-read":  fmt.Sprintf("[dynamodb:BatchGetItem on %v dynamodb:GetItem on %[1]v dynamodb:Query on %[1]v/index/status-index]", table),
		"items-write": fmt.Sprintf("[dynamodb:DeleteItem on %v dynamodb:PutItem on %[1]v dynamodb:UpdateItem on %[1]v]", table),
		"events-send": fmt.Sprintf("[sqs:SendMessage on %v]", queue),
	}
	got := map[string]string{}
	for name, p := range r.Of(sharedType) {
		got[name] = fmt.Sprint(pairs(p.Inputs["policy"]))
	}
	return differ("shared policies", got, want)
}
