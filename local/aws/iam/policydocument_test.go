package iam

import (
	"testing"

	"skiff/local/engine/provider"
)

// TestGetPolicyDocument checks that the text equals the AWS provider's, and
// that IAM accepts it as a policy.
func TestGetPolicyDocument(t *testing.T) {
	t.Parallel()
	list := func(values ...any) []any { return values }
	out, err := GetPolicyDocument(provider.Call{}, map[string]any{
		"sourcePolicyDocuments": list(`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"kept","Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`),
		"statements": list(map[string]any{
			"sid": "a", "actions": list("s3:GetObject", "s3:PutObject"), "resources": list("arn:aws:s3:::b/&{aws:PrincipalArn}"),
			"principals": list(map[string]any{"type": "Service", "identifiers": list("lambda.amazonaws.com")}),
			"conditions": list(map[string]any{"test": "StringEquals", "variable": "aws:a", "values": list("x", "y")}, map[string]any{"test": "StringEquals", "variable": "aws:b", "values": list("z")}),
		}),
		"overridePolicyDocuments": list(`{"Statement":[{"Sid":"more","Effect":"Allow","Action":"sns:Publish","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "a",
      "Effect": "Allow",
      "Action": [
        "s3:PutObject",
        "s3:GetObject"
      ],
      "Resource": "arn:aws:s3:::b/${aws:PrincipalArn}",
      "Principal": {
        "Service": "lambda.amazonaws.com"
      },
      "Condition": {
        "StringEquals": {
          "aws:a": [
            "x",
            "y"
          ],
          "aws:b": "z"
        }
      }
    },
    {
      "Sid": "kept",
      "Effect": "Deny",
      "Action": "sqs:*",
      "Resource": "*"
    },
    {
      "Sid": "more",
      "Effect": "Allow",
      "Action": "sns:Publish",
      "Resource": "*"
    }
  ]
}`
	if out["json"] != want || out["id"] == "" {
		t.Errorf("%s\nis not\n%s", out["json"], want)
	}
	anybody, err := GetPolicyDocument(provider.Call{}, map[string]any{"statements": []any{map[string]any{
		"effect": "Deny", "actions": []any{"s3:*"}, "resources": []any{"*"}, "principals": []any{map[string]any{"type": "*", "identifiers": []any{"*"}}}}}})
	if got := anybody["minifiedJson"]; err != nil || got != `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":"*"}]}` {
		t.Errorf("%v, %v", got, err)
	}
}

// TestGetPolicy finds AWS managed policies and the account's own policies.
func TestGetPolicy(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	call := provider.Call{Account: account}
	mine := managed(t, a, account, "read")
	for policyARN, path := range map[string]string{awsPrefix + "service-role/AWSLambdaRole": "/service-role/", mine: "/"} {
		out, err := a.GetPolicy(call, map[string]any{"arn": policyARN})
		if err != nil || out["path"] != path || out["policy"] == "" || out["id"] != policyARN {
			t.Errorf("%s: %v, %v", policyARN, out, err)
		}
	}
	for _, policyARN := range []string{"", "x", awsPrefix + "ReadOnlyAccess", managed(t, a, "222222222222", "read")} {
		if out, err := a.GetPolicy(call, map[string]any{"arn": policyARN}); err == nil {
			t.Errorf("%q: %v", policyARN, out)
		}
	}
}
