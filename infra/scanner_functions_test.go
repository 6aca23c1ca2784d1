package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"skiff/infra/recording"
)

// scannerFunctions are the rules on functions, and on what may call them.
func scannerFunctions() []scannerRule {
	functions := []string{functionType}
	return []scannerRule{
		{title: "traces go to X-Ray",
			ids:   "CKV_AWS_50 AWS-0066 aws-lambda-enable-tracing FSBP:Lambda.7 KICS:8152e0cf-d2f0-47ad-96d5-d003a76eabd1",
			types: functions, adopt: operated, asks: is("tracingConfig.mode", "Active")},
		{title: "no secret in the environment",
			ids:   "CKV_AWS_45 KICS:1402afd8-a95c-4e84-8b0b-6fb43758e6ce prowler:awslambda_function_no_secrets_in_variables",
			types: functions, asks: openEnvironment()},
		{title: "a runtime that AWS supports",
			ids:   "CKV_AWS_363 FSBP:Lambda.2 prowler:awslambda_function_using_supported_runtimes",
			types: functions, asks: is("runtime", "provided.al2023")},
		{title: "concurrency reserved", ids: "CKV_AWS_115 cfn-nag:W92", types: functions, asks: between("reservedConcurrentExecutions", 0, 10_000),
			except: unfollowed("what one function reserves the others lack; the stage's throttle bounds them all, and the setting concurrency reserves")},
		{title: "a dead-letter queue",
			ids:   "CKV_AWS_116 KICS:720f44cf-285e-4b69-8f72-835e6bc1dceb prowler:awslambda_function_no_dead_letter_queue",
			types: functions, asks: has("deadLetterConfig.targetArn"),
			except: unfollowed("it is for asynchronous calls, and API Gateway waits for each")},
		{title: "inside a VPC",
			ids:   "CKV_AWS_117 FSBP:Lambda.3 cfn-nag:W89 prowler:awslambda_function_inside_vpc",
			types: functions, asks: has("vpcConfig.subnetIds"),
			except: unfollowed("the functions call nothing but AWS; a VPC adds addresses, cost and a way to fail")},
		{title: "a VPC in two zones", ids: "FSBP:Lambda.5 prowler:awslambda_function_vpc_multi_az", types: functions, asks: twoSubnets()},
		{title: "the environment encrypted with a key of the account",
			ids:   "CKV_AWS_173 prowler:awslambda_function_env_vars_not_encrypted_with_cmk",
			types: functions, asks: customerKey("kmsKeyArn"),
			except: unfollowed("the environment holds names and a log level; Lambda encrypts it with a key of AWS")},
		{title: "code that is signed", ids: "CKV_AWS_272", types: functions, asks: has("codeSigningConfigArn"),
			except: unfollowed("code comes from this program's build, whose digest and sha256 the stack holds")},
		{title: "no open function URL",
			ids:   "CKV2_AWS_75 prowler:awslambda_function_url_cors_policy prowler:awslambda_function_url_public",
			types: functions, asks: noFunctionURL()},
		{title: "no layers of others",
			ids:   "prowler:awslambda_function_using_cross_account_layers prowler:awslambda_layer_no_secrets_in_content",
			types: functions, asks: lacks("layers")},
		{title: "functions are tagged", ids: "FSBP:Lambda.6", types: functions, asks: tagged()},
		{title: "a function ends before API Gateway gives up",
			ids:   "own:LAMBDA_TIMEOUT",
			types: functions, where: behindAPI, asks: between("timeout", 1, 29)},
		{title: "the processor that is set", ids: "own:LAMBDA_ARM64", types: functions, asks: processor()},
		{title: "log lines are JSON", ids: "own:LAMBDA_LOGGING", types: functions, asks: is("loggingConfig.logFormat", "JSON")},
		{title: "a function's role changes no rights",
			ids:   "KICS:1b3af2f9-af8c-4dfc-a0f1-a03adb70deb2",
			types: functions, asks: roleForbids(escalates, grantOf("iam:PassRole", "x"))},
		{title: "a function may write logs", ids: "cfn-nag:W58", types: functions, asks: writesLogs()},
		{title: "not all routes may call", ids: "KICS:3ef8696c-e4ae-4872-92c7-520bb44dfe77", types: []string{permissionType}, asks: demand{
			func(s subject) bool { return !strings.HasSuffix(s.text("sourceArn"), "/*/*") },
			func(s subject) { s.put("sourceArn", "arn:aws:execute-api:mock:123456789012:api/*/*") }}},
		{title: "callers are named",
			ids: "CKV_AWS_301 FSBP:Lambda.1 cfn-nag:F13 KICS:e08ed7eb-f3ef-494d-9d22-2e3db756a347 " +
				"prowler:awslambda_function_not_publicly_accessible",
			types: []string{permissionType}, asks: isNot("principal", "*")},
		{title: "a service calls for one source",
			ids:   "CKV_AWS_364 AWS-0067 aws-lambda-restrict-source-arn",
			types: []string{permissionType}, asks: has("sourceArn")},
		{title: "callers may call, and no more",
			ids:   "cfn-nag:W24 KICS:75ec6890-83af-4bf1-9f16-e83726df0bd0 KICS:ad9dabc7-7839-4bae-a957-aa9120013f39",
			types: []string{permissionType}, asks: is("action", "lambda:InvokeFunction")},
		{title: "no token in plain text", ids: "cfn-nag:F45", types: []string{permissionType}, asks: lacks("eventSourceToken")},
		{title: "the policy of callers has room", ids: "own:LAMBDA_POLICY_SIZE", types: []string{permissionType}, asks: smallPolicy()},
		{title: "a batch fails in part",
			ids:   "own:ESM_PARTIAL",
			types: []string{workerType}, asks: contains("functionResponseTypes", "ReportBatchItemFailures")},
	}
}

// openEnvironment wants no variable to be a secret.
func openEnvironment() demand {
	return demand{func(s subject) bool {
		for name, value := range nested(s.res, "environment", "variables") {
			if secretive(name, fmt.Sprint(value)) {
				return false
			}
		}
		return true
	}, func(s subject) { s.put("environment.variables", map[string]any{"DB_PASSWORD": "x"}) }}
}

// secretive is whether a value looks like a secret, or has the name of one. The
// ARN of a secret is none.
func secretive(name, value string) bool {
	return regexp.MustCompile(`AKIA[0-9A-Z]{16}|-----BEGIN`).MatchString(value) ||
		regexp.MustCompile(`(?i)secret|password|(^|_)token$|api_?key`).MatchString(name) && !strings.HasPrefix(value, "arn:aws:secretsmanager:")
}

func twoSubnets() demand {
	return demand{func(s subject) bool {
		subnets, ok := s.input("vpcConfig.subnetIds").([]any)
		return !ok || len(subnets) >= 2
	}, func(s subject) { s.put("vpcConfig.subnetIds", []any{"one"}) }}
}

// noFunctionURL wants none of the function, which would pass the authorizer by.
func noFunctionURL() demand {
	const urlType = "aws:lambda/functionUrl:FunctionUrl"
	return demand{func(s subject) bool {
		for _, url := range s.others(urlType) {
			if url.Inputs["functionName"] == s.res.Outputs["name"] {
				return false
			}
		}
		return true
	}, func(s subject) {
		s.rec.Resources[urlType+" x"] = recording.Resource{Type: urlType, Name: "x", Inputs: map[string]any{"functionName": s.res.Outputs["name"]}}
	}}
}

// behindAPI is whether a route leads to the function.
func behindAPI(s subject) bool {
	for _, integration := range s.others(integrationType) {
		if integration.Inputs["integrationUri"] == s.res.Outputs["invokeArn"] {
			return true
		}
	}
	return false
}

// processor wants the one that the functions are built for.
func processor() demand {
	return demand{func(s subject) bool {
		want, ok := map[string]string{"linux/arm64": "[arm64]", "linux/amd64": "[x86_64]"}[settingOf(s.rec, "target")]
		return !ok || s.text("architectures") == want
	}, func(s subject) { s.put("architectures", []any{"x"}) }}
}

// smallPolicy wants all who may call a function to fit the policy that Lambda
// keeps of them, 20 KB.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
func smallPolicy() demand {
	return demand{func(s subject) bool {
		size := 0
		for _, p := range s.others(permissionType) {
			if p.Inputs["function"] == s.res.Inputs["function"] {
				text, _ := json.Marshal(p.Inputs)
				size += len(text)
			}
		}
		return size <= 20_480
	}, func(s subject) { s.put("sourceArn", strings.Repeat("a", 20_480)) }}
}
