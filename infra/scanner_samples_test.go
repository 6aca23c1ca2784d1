package main

import (
	"skiff/infra/recording"
)

// samples returns a stack with a minimal resource of each type that a rule
// applies to. With it every rule can fail, whatever the program declares.
func samples() *recording.Stack {
	r := &recording.Stack{
		Resources: map[string]recording.Resource{
			accountType + " sample": {Type: accountType, Name: "sample", Inputs: map[string]any{
				"defaultTags": map[string]any{"tags": map[string]any{"Project": "x", "Stack": "x", "ManagedBy": "x"}}}},
		},
		Settings: map[string]string{"x:alarms": "true", "x:protect": "true", "x:target": "linux/arm64"},
	}
	for _, put := range []func(*recording.Stack){sampleFunctions, sampleAPIs, sampleStores, sampleOperations, sampleDomains} {
		put(r)
	}
	return r
}

// sample adds a resource whose ARN, name and URL contain its name.
func sample(r *recording.Stack, typ, name string, inputs map[string]any) {
	outputs := map[string]any{"arn": "arn of " + name, "name": name, "url": "url of " + name}
	r.Resources[typ+" "+name] = recording.Resource{Type: typ, Name: name, Inputs: inputs, Outputs: outputs, Provider: "urn:x::" + accountType + "::sample::id"}
}

func sampleFunctions(r *recording.Stack) {
	sample(r, roleType, "role", map[string]any{"assumeRolePolicy": policyOf(trustOf("Service", "lambda.amazonaws.com"))})
	sample(r, policyType, "role", map[string]any{"role": "role", "policy": policyOf(grantOf("logs:CreateLogStream", "x"), grantOf("logs:PutLogEvents", "x"),
		grantOf("secretsmanager:GetSecretValue", "arn of secret"))})
	sample(r, sharedType, "shared", map[string]any{"policy": policyOf(grantOf("sqs:SendMessage", "x"))})
	sample(r, functionType, "function", map[string]any{"role": "arn of role", "runtime": "provided.al2023", "timeout": 10.0, "architectures": []any{"arm64"},
		"tracingConfig": map[string]any{"mode": "Active"}, "loggingConfig": map[string]any{"logFormat": "JSON"}, "environment": map[string]any{}})
	r.Resources[functionType+" function"].Outputs["invokeArn"] = "call of function"
	sample(r, permissionType, "permission", map[string]any{"function": "function", "principal": "apigateway.amazonaws.com", "action": "lambda:InvokeFunction", "sourceArn": "x"})
	sample(r, workerType, "worker", map[string]any{"eventSourceArn": "arn of queue", "functionName": "arn of function", "functionResponseTypes": []any{"ReportBatchItemFailures"}})
}

func sampleAPIs(r *recording.Stack) {
	for api, protocol := range map[string]string{"http": "HTTP", "sockets": "WEBSOCKET"} {
		id := "api-id of " + api
		sample(r, apiType, api, map[string]any{"protocolType": protocol, "disableExecuteApiEndpoint": protocol == "HTTP"})
		sample(r, stageType, api, map[string]any{"apiId": id, "name": "x", "defaultRouteSettings": map[string]any{"throttlingRateLimit": 1.0}})
		sample(r, routeType, api, map[string]any{"apiId": id, "routeKey": "x", "authorizationType": "CUSTOM"})
		sample(r, integrationType, api, map[string]any{"apiId": id, "integrationUri": "call of function", "timeoutMilliseconds": 29_000.0})
	}
	r.Resources[stageType+" http"].Inputs["accessLogSettings"] = map[string]any{"destinationArn": "x"}
	r.Resources[integrationType+" http"].Inputs["payloadFormatVersion"] = "2.0"
	r.Resources[routeType+" sockets"].Inputs["authorizationType"] = "NONE"
}

func sampleStores(r *recording.Stack) {
	sample(r, tableType, "table", map[string]any{"hashKey": "id", "attributes": []any{map[string]any{"name": "id", "type": "S"}}, "billingMode": "PAY_PER_REQUEST",
		"deletionProtectionEnabled": true, "pointInTimeRecovery": map[string]any{"enabled": true}})
	sample(r, secretType, "secret", map[string]any{"recoveryWindowInDays": 7.0})
	sample(r, parameterType, "parameter", map[string]any{"name": "x", "type": "String", "value": "x"})
	sample(r, queueType, "queue", map[string]any{"sqsManagedSseEnabled": true, "visibilityTimeoutSeconds": 60.0,
		"redrivePolicy": `{"deadLetterTargetArn": "arn of dead", "maxReceiveCount": 3}`})
	sample(r, queueType, "dead", map[string]any{"sqsManagedSseEnabled": true, "messageRetentionSeconds": 1_209_600.0})
	sample(r, redriveType, "dead", map[string]any{"queueUrl": "url of dead", "redriveAllowPolicy": `{"sourceQueueArns": ["arn of queue"]}`})
}

func sampleOperations(r *recording.Stack) {
	sample(r, logGroupType, "group", map[string]any{"retentionInDays": 365.0})
	sample(r, topicType, "topic", map[string]any{})
	sample(r, alarmType, "alarm", map[string]any{"alarmActions": []any{"arn of topic"}})
	sample(r, subscriptionType, "subscription", map[string]any{"protocol": "email"})
}

func sampleDomains(r *recording.Stack) {
	sample(r, zoneType, "zone", map[string]any{"name": "example.com"})
	sample(r, certificateType, "certificate", map[string]any{"domainName": "api.example.com", "keyAlgorithm": "RSA_2048", "validationMethod": "DNS"})
	sample(r, domainType, "domain", map[string]any{"domainNameConfiguration": map[string]any{"securityPolicy": "TLS_1_2"}})
	r.Resources[domainType+" domain"].Outputs["domainNameConfiguration"] = map[string]any{"targetDomainName": "target.example"}
	sample(r, recordType, "record", map[string]any{"name": "api.example.com", "type": "A", "aliases": []any{map[string]any{"name": "target.example", "zoneId": "x"}}})
}
