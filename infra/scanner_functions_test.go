package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"skiff/infra/recording"
)

// scannerFunctions returns the rules on functions and their callers.
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
			except: unfollowed("a reservation takes concurrency from the other functions; the stage's throttle limits all of them, and the setting concurrency can reserve")},
		{title: "a dead-letter queue",
			ids:   "CKV_AWS_116 KICS:720f44cf-285e-4b69-8f72-835e6bc1dceb prowler:awslambda_function_no_dead_letter_queue",
			types: functions, asks: has("deadLetterConfig.targetArn"),
			except: unfollowed("it applies only to asynchronous calls, and API Gateway calls synchronously")},
		{title: "inside a VPC",
			ids:   "CKV_AWS_117 FSBP:Lambda.3 cfn-nag:W89 prowler:awslambda_function_inside_vpc",
			types: functions, asks: has("vpcConfig.subnetIds"),
			except: unfollowed("the functions call only AWS; a VPC adds cost and another cause of failure")},
		{title: "a VPC in two zones", ids: "FSBP:Lambda.5 prowler:awslambda_function_vpc_multi_az", types: functions, asks: twoSubnets()},
		{title: "the environment encrypted with a key of the account",
			ids:   "CKV_AWS_173 prowler:awslambda_function_env_vars_not_encrypted_with_cmk",
			types: functions, asks: customerKey("kmsKeyArn"),
			except: unfollowed("the environment holds only names and a log level, and Lambda encrypts it with an AWS key")},
		{title: "code that is signed", ids: "CKV_AWS_272", types: functions, asks: has("codeSigningConfigArn"),
			except: unfollowed("this program builds the code, and the stack's state holds its digest and sha256")},
		{title: "no open function URL",
			ids:   "CKV2_AWS_75 prowler:awslambda_function_url_cors_policy prowler:awslambda_function_url_public",
			types: functions, asks: noFunctionURL()},
		{title: "no layers",
			ids:   "prowler:awslambda_function_using_cross_account_layers prowler:awslambda_layer_no_secrets_in_content",
			types: functions, asks: lacks("layers")},
		{title: "functions are tagged", ids: "FSBP:Lambda.6", types: functions, asks: tagged()},
		{title: "a function's timeout is shorter than API Gateway's",
			ids:   "own:LAMBDA_TIMEOUT",
			types: functions, where: behindAPI, asks: between("timeout", 1, 29)},
		{title: "the processor in the settings", ids: "own:LAMBDA_ARM64", types: functions, asks: processor()},
		{title: "log lines are JSON", ids: "own:LAMBDA_LOGGING", types: functions, asks: is("loggingConfig.logFormat", "JSON")},
		{title: "a function's role cannot change rights",
			ids:   "KICS:1b3af2f9-af8c-4dfc-a0f1-a03adb70deb2",
			types: functions, asks: roleForbids(escalates, grantOf("iam:PassRole", "x"))},
		{title: "a function may write logs", ids: "cfn-nag:W58", types: functions, asks: writesLogs()},
		{title: "a permission is not for all routes", ids: "KICS:3ef8696c-e4ae-4872-92c7-520bb44dfe77", types: []string{permissionType}, asks: demand{
			func(s subject) bool { return !strings.HasSuffix(s.text("sourceArn"), "/*/*") },
			func(s subject) { s.put("sourceArn", "arn:aws:execute-api:mock:123456789012:api/*/*") }}},
		{title: "a permission names the caller",
			ids: "CKV_AWS_301 FSBP:Lambda.1 cfn-nag:F13 KICS:e08ed7eb-f3ef-494d-9d22-2e3db756a347 " +
				"prowler:awslambda_function_not_publicly_accessible",
			types: []string{permissionType}, asks: isNot("principal", "*")},
		{title: "a permission names the source",
			ids:   "CKV_AWS_364 AWS-0067 aws-lambda-restrict-source-arn",
			types: []string{permissionType}, asks: has("sourceArn")},
		{title: "a permission allows only calls",
			ids:   "cfn-nag:W24 KICS:75ec6890-83af-4bf1-9f16-e83726df0bd0 KICS:ad9dabc7-7839-4bae-a957-aa9120013f39",
			types: []string{permissionType}, asks: is("action", "lambda:InvokeFunction")},
		{title: "no token in plain text", ids: "cfn-nag:F45", types: []string{permissionType}, asks: lacks("eventSourceToken")},
		{title: "the resource policy is not too long", ids: "own:LAMBDA_POLICY_SIZE", types: []string{permissionType}, asks: smallPolicy()},
		{title: "a batch can fail in part",
			ids:   "own:ESM_PARTIAL",
			types: []string{workerType}, asks: contains("functionResponseTypes", "ReportBatchItemFailures")},
	}
}

// openEnvironment wants no secret in the environment variables.
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

// secretive reports whether a value looks like a secret, or has the name of
// one. The ARN of a secret does not count.
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

// noFunctionURL wants no URL of the function, because it would bypass the
// authorizer.
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

// behindAPI reports whether an integration calls the function.
func behindAPI(s subject) bool {
	for _, integration := range s.others(integrationType) {
		if integration.Inputs["integrationUri"] == s.res.Outputs["invokeArn"] {
			return true
		}
	}
	return false
}

// processor wants the processor of the target.
func processor() demand {
	return demand{func(s subject) bool {
		want, ok := map[string]string{"linux/arm64": "[arm64]", "linux/amd64": "[x86_64]"}[settingOf(s.rec, "target")]
		return !ok || s.text("architectures") == want
	}, func(s subject) { s.put("architectures", []any{"x"}) }}
}

// smallPolicy wants the permissions of a function to fit its resource policy,
// 20 KB.
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
