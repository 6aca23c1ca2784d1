package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// scannerPolicies returns the rules on the policies of roles and on the shared
// policies.
func scannerPolicies() []scannerRule {
	both := []string{policyType, sharedType}
	anyData, anyWrite := `^\*$|^[a-z0-9-]+:(Get|BatchGet|Query|Scan|Select|\*)`, `^\*$|^[a-z0-9-]+:(Put|Create|Update|Delete|Write|\*)`
	return []scannerRule{
		{title: "no policy allows everything",
			ids: "CKV_AWS_62 CKV_AWS_1 FSBP:IAM.1 KICS:2f37c4a3-58b9-4afe-8a87-d7f1d2286f84 KICS:575a2155-6af1-4026-b1af-d5bc8fe2a904 " +
				"prowler:iam_inline_policy_no_administrative_privileges prowler:iam_customer_attached_policy_no_administrative_privileges",
			types: both, asks: forbids("policy", everywhere(`^\*(:\*)?$`), grantOf("*", "*"))},
		{title: "no action is *",
			ids:   "CKV_AWS_63 CKV_AWS_49 cfn-nag:F3 cfn-nag:F4 cfn-nag:F5",
			types: both, asks: forbids("policy", actionLike(`^\*$`), grantOf("*", "x"))},
		{title: "no action is a whole service",
			ids: "FSBP:IAM.21 AWS-0057 aws-iam-no-policy-wildcards prowler:iam_inline_policy_no_full_access_to_cloudtrail " +
				"prowler:iam_policy_no_full_access_to_cloudtrail prowler:iam_no_custom_policy_permissive_role_assumption " +
				"prowler:iam_inline_policy_no_wildcard_marketplace_subscribe prowler:iam_policy_no_wildcard_marketplace_subscribe",
			types: both,
			asks:  forbids("policy", actionLike(`^([a-z0-9-]+:)?\*$`), grantOf("dynamodb:*", "x"))},
		{title: "a resource is named if the action supports it",
			ids:   "CKV_AWS_355 CKV_AWS_356 cfn-nag:W11 cfn-nag:W12 cfn-nag:W13",
			types: both, asks: forbids("policy", func(s map[string]any) bool {
				return anyResource(s) && !nameless(s)
			}, grantOf("sqs:SendMessage", "*"))},
		{title: "no policy allows changing rights",
			ids: "CKV_AWS_286 CKV_AWS_110 KICS:role_with_privilege_escalation_*(20) prowler:iam_inline_policy_allows_privilege_escalation " +
				"prowler:iam_policy_allows_privilege_escalation",
			types: both, asks: forbids("policy", escalates, grantOf("iam:PassRole", "x"))},
		{title: "credentials are read from a named resource", ids: "CKV_AWS_287 CKV_AWS_107", types: both, asks: forbids("policy",
			everywhere(`^\*$|^(sts:AssumeRole|iam:CreateAccessKey|secretsmanager:GetSecretValue|ecr:GetAuthorizationToken)`), grantOf("secretsmanager:GetSecretValue", "*"))},
		{title: "data is read from a named resource",
			ids:   "CKV_AWS_288 CKV_AWS_108 KICS:ba2ed23b-52d3-45ca-be25-f6c358d45abd",
			types: both, asks: forbids("policy", everywhere(anyData), grantOf("s3:GetObject", "*"))},
		{title: "permissions are managed on a named resource", ids: "CKV_AWS_289 CKV_AWS_109", types: both, asks: forbids("policy",
			everywhere(`^\*$|^(iam|organizations):|Policy$|Permission$`), grantOf("sqs:AddPermission", "*"))},
		{title: "data is written to a named resource",
			ids:   "CKV_AWS_290 CKV_AWS_111",
			types: both, asks: forbids("policy", everywhere(anyWrite), grantOf("dynamodb:PutItem", "*")),
			except: []exception{{"X-Ray's two actions support no resource", func(s subject) bool {
				broad := slices.DeleteFunc(statements(s.input("policy")), func(st map[string]any) bool { return !anyResource(st) })
				return len(broad) > 0 && !slices.ContainsFunc(broad, func(st map[string]any) bool { return !nameless(st) })
			}}}},
		{title: "no policy allows all of IAM", ids: "CKV2_AWS_40", types: both, asks: forbids("policy", actionLike(`^(iam:)?\*$`), grantOf("iam:*", "x"))},
		{title: "only a named role may be passed",
			ids:   "AWS-0342 cfn-nag:F38 cfn-nag:F39 cfn-nag:F40 KICS:e39bee8c-fe54-4a3f-824d-e5e2d1cca40a",
			types: both, asks: forbids("policy", everywhere(`^(iam:(\*|PassRole))$|^\*$`), grantOf("iam:PassRole", "*"))},
		{title: "only a named key may decrypt",
			ids:   "FSBP:KMS.1 FSBP:KMS.2 prowler:iam_inline_policy_no_full_access_to_kms prowler:iam_policy_no_full_access_to_kms",
			types: both, asks: forbids("policy", everywhere(`^kms:(\*|Decrypt|ReEncrypt.*)$|^\*$`), grantOf("kms:Decrypt", "*"))},
		{title: "no statement has NotAction or NotResource",
			ids:   "cfn-nag:W14 cfn-nag:W15 cfn-nag:W16 cfn-nag:W17 cfn-nag:W21 cfn-nag:W22 cfn-nag:W23",
			types: both, asks: forbids("policy", func(s map[string]any) bool {
				return s["NotAction"] != nil || s["NotResource"] != nil
			}, map[string]any{"Effect": "Allow", "NotAction": []any{"iam:*"}, "Resource": "x"})},
		{title: "a role's policy has no principal",
			ids:   "KICS:bbe3dd3d-fea9-4b68-a785-cfabe2bbbc54",
			types: both, asks: forbids("policy", func(s map[string]any) bool {
				return s["Principal"] != nil
			}, map[string]any{"Effect": "Allow", "Action": []any{"sqs:SendMessage"}, "Principal": "*"})},
		{title: "no function scans a table", ids: "own:NO_SCAN", types: []string{policyType}, asks: forbids("policy",
			actionLike(`^(dynamodb:(\*|Scan|S\*))$|^\*$`), grantOf("dynamodb:Scan", "x"))},
	}
}

// forbids wants no statement of the policy to match bad. Spoil adds broken,
// which matches.
func forbids(path string, bad func(map[string]any) bool, broken map[string]any) demand {
	return demand{func(s subject) bool { return !slices.ContainsFunc(statements(s.input(path)), bad) },
		func(s subject) { s.put(path, policyOf(append(statements(s.input(path)), broken)...)) }}
}

// grantOf returns a statement that allows one action on one resource.
func grantOf(action, resource string) map[string]any {
	return map[string]any{"Effect": "Allow", "Action": []any{action}, "Resource": resource}
}

// policyOf returns the JSON of a policy.
func policyOf(statements ...map[string]any) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		return err.Error() // not a policy, so the test of the rule fails
	}
	return string(text)
}

// actionLike returns a function that reports whether a statement allows an
// action that matches form.
func actionLike(form string) func(map[string]any) bool {
	return func(s map[string]any) bool {
		return s["Effect"] == "Allow" && slices.ContainsFunc(texts(s["Action"]), regexp.MustCompile(form).MatchString)
	}
}

// everywhere returns a function that reports whether a statement allows such an
// action on every resource.
func everywhere(form string) func(map[string]any) bool {
	return func(s map[string]any) bool { return anyResource(s) && actionLike(form)(s) }
}

func anyResource(s map[string]any) bool { return slices.Contains(texts(s["Resource"]), "*") }

// escalates reports whether a statement allows actions that can give more
// rights.
func escalates(s map[string]any) bool {
	return actionLike(`^\*$|^iam:|^lambda:(\*|Create|Update|Add)|^sts:|^cloudformation:`)(s)
}

// nameless reports whether a statement allows only actions that support no
// resource: X-Ray's, and the action that finds a stream.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
func nameless(s map[string]any) bool {
	return !slices.ContainsFunc(texts(s["Action"]), func(action string) bool {
		return !slices.Contains([]string{"xray:PutTraceSegments", "xray:PutTelemetryRecords", "dynamodb:ListStreams"}, action)
	})
}

// texts returns the elements of a list, or a single value, as texts.
func texts(value any) (all []string) {
	several, ok := value.([]any)
	if !ok && value != nil {
		several = []any{value}
	}
	for _, v := range several {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// rolePolicies returns the policies of the function's role.
func (s subject) rolePolicies() (all []subject) {
	for _, role := range s.others(roleType) {
		for _, p := range s.others(policyType) {
			if role.Outputs["arn"] == s.res.Inputs["role"] && p.Inputs["role"] == role.Outputs["name"] {
				all = append(all, subject{s.rec, p})
			}
		}
	}
	return all
}

// roleForbids is like forbids for the policies of the function's role.
func roleForbids(bad func(map[string]any) bool, broken map[string]any) demand {
	inner := forbids("policy", bad, broken)
	return demand{func(s subject) bool {
		return !slices.ContainsFunc(s.rolePolicies(), func(p subject) bool { return !inner.met(p) })
	}, func(s subject) { inner.spoil(s.rolePolicies()[0]) }}
}

// writesLogs wants the function's role to have both rights for logs.
func writesLogs() demand {
	return demand{func(s subject) bool {
		for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
			if !slices.ContainsFunc(s.rolePolicies(), func(p subject) bool {
				return slices.ContainsFunc(statements(p.input("policy")), actionLike("^"+action+"$"))
			}) {
				return false
			}
		}
		return true
	}, func(s subject) {
		for _, p := range s.rolePolicies() {
			p.put("policy", strings.ReplaceAll(p.text("policy"), "logs:PutLogEvents", "logs:TagResource"))
		}
	}}
}
