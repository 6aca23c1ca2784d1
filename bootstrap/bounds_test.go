package main

import (
	"fmt"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// TestGuard checks that the guard's denials hold even for roles with every
// right.
func TestGuard(t *testing.T) {
	t.Parallel()
	rec, s := record(t, "staging"), infraOf(t, "staging", "staging")
	role := s.arnOf(s.first(t, roleType))
	deploy := "role/bootstrap/" + s.prefix() + "-deploy"
	everything := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}`)
	for _, name := range []string{"deploy", "preview"} {
		policies := append(policiesOf(t, rec, name), everything)
		for _, test := range []struct {
			action, resource string
			want             bool
		}{
			{"iam:AttachRolePolicy", s.iam("role/bootstrap/" + s.prefix() + "-preview"), false},
			{"iam:UpdateAssumeRolePolicy", s.iam(deploy), false},
			{"iam:PassRole", s.iam(deploy), false},
			{"iam:CreatePolicyVersion", s.iam("policy/bootstrap/" + s.prefix() + "-boundary"), false},
			{"iam:DeleteOpenIDConnectProvider", s.iam("oidc-provider/gitlab.com"), false},
			{"iam:CreateSAMLProvider", s.iam("saml-provider/x"), false},
			{"iam:CreateAccessKey", s.iam("user/x"), false},
			{"iam:AddUserToGroup", s.iam("group/x"), false},
			{"iam:DeleteRolePermissionsBoundary", role, false},
			{"sts:AssumeRole", role, false},
			{"s3:DeleteBucket", stateBucket, false},
			{"s3:DeleteObjectVersion", stateBucket + "/x", false},
			{"s3:PutBucketPolicy", stateBucket, false},
			{"kms:ScheduleKeyDeletion", stateKey, false},
			{"kms:CreateGrant", stateKey, false},
			{"secretsmanager:GetSecretValue", s.arn("secretsmanager", "secret:x"), false},
			{"secretsmanager:BatchGetSecretValue", "*", false},
			{"secretsmanager:PutResourcePolicy", s.arn("secretsmanager", "secret:x"), false},
			{"s3:PutObject", stateBucket + "/x", true},
			{"s3:DeleteBucket", "arn:aws:s3:::another", true},
			{"iam:GetRole", role, true},
		} {
			if got := allowed(t, policies, request{test.action, test.resource, nil}); got != test.want {
				t.Errorf("%s: %s on %s: %v", name, test.action, test.resource, got)
			}
		}
	}
}

// boundaryOf returns the boundary of the stack's functions.
func boundaryOf(t *testing.T, rec *recording.Stack) []parsed {
	t.Helper()
	return []parsed{parse(t, rec.Of(policyType)["boundary"].Inputs["policy"])}
}

// TestBoundary checks what the boundary allows.
func TestBoundary(t *testing.T) {
	t.Parallel()
	boundary, s := boundaryOf(t, record(t, "staging")), infraOf(t, "staging", "staging")
	table, queue, secret := s.arnOf(s.first(t, tableType)), s.arnOf(s.first(t, queueType)), s.arnOf(s.first(t, secretType))
	parameter, role := s.arnOf(s.first(t, parameterType)), s.arnOf(s.first(t, roleType))
	group := s.arnOf(s.named(logGroupType, s.first(t, functionType).name))
	bucket, function := s.arnOf(declared{typ: bucketType, name: "files"}), s.arnOf(s.first(t, functionType))
	via := func(service string) map[string][]string {
		return key("kms:ViaService", service+"."+s.region+".amazonaws.com")
	}
	for _, test := range []struct {
		action, resource string
		context          map[string][]string
		want             bool
	}{
		{"dynamodb:Query", table + "/index/status-index", nil, true},
		{"dynamodb:Scan", table, nil, false},
		{"dynamodb:DeleteTable", table, nil, false},
		{"dynamodb:GetItem", s.foreign(table), nil, false},
		{"dynamodb:GetRecords", table + "/stream/2026-01-01T00:00:00.000", nil, true},
		{"dynamodb:GetRecords", s.foreign(table) + "/stream/2026-01-01T00:00:00.000", nil, false},
		{"dynamodb:ListStreams", "*", nil, true},
		{"s3:GetObject", bucket + "/o", nil, true},
		{"s3:PutObject", bucket + "/a/b", nil, true},
		{"s3:ListBucket", bucket, nil, true},
		{"s3:DeleteBucket", bucket, nil, false},
		{"s3:PutBucketPolicy", bucket, nil, false},
		{"s3:GetObject", s.foreign(bucket) + "/o", nil, false},
		{"lambda:InvokeFunction", function, nil, true},
		{"lambda:InvokeFunction", s.foreign(function), nil, false},
		{"sqs:SendMessage", queue, nil, true},
		{"sqs:SendMessage", s.arn("sqs", "another"), nil, false},
		{"secretsmanager:GetSecretValue", secret, nil, true},
		{"secretsmanager:GetSecretValue", s.arn("secretsmanager", "secret:another"), nil, false},
		{"secretsmanager:PutSecretValue", secret, nil, false},
		{"ssm:GetParametersByPath", parameter, nil, true},
		{"ssm:GetParameter", s.foreign(parameter), nil, false},
		{"logs:PutLogEvents", group + ":log-stream:s", nil, true},
		{"logs:CreateLogGroup", group, nil, false},
		{"xray:PutTraceSegments", "*", nil, true},
		{"execute-api:ManageConnections", s.arn("execute-api", "a1/live/POST/@connections/c1"), nil, true},
		{"execute-api:Invoke", s.arn("execute-api", "a1/live/GET/items"), nil, false},
		{"kms:Decrypt", s.arn("kms", "key/data"), via("sqs"), true},
		{"kms:Decrypt", s.arn("kms", "key/data"), via("s3"), true},
		{"kms:Decrypt", s.arn("kms", "key/data"), via("ec2"), false},
		{"kms:Decrypt", s.arn("kms", "key/data"), nil, false},
		{"kms:Decrypt", stateKey, via("sqs"), false},
		{"s3:GetObject", stateBucket + "/.pulumi/stacks/" + s.project + "/" + s.stack + ".json", nil, false},
		{"iam:CreateUser", s.iam("user/x"), nil, false},
		{"iam:PassRole", role, nil, false},
		{"sts:AssumeRole", s.iam("role/bootstrap/" + s.prefix() + "-deploy"), nil, false},
		{"lambda:UpdateFunctionCode", function, nil, false},
	} {
		if got := allowed(t, boundary, request{test.action, test.resource, test.context}); got != test.want {
			t.Errorf("%s on %s with %v: %v", test.action, test.resource, test.context, got)
		}
	}
}

// TestStateBucketPolicy checks that the bucket policy denies requests without
// TLS and allows nothing itself.
func TestStateBucketPolicy(t *testing.T) {
	t.Parallel()
	p := parse(t, record(t, "staging").Of(bucketRuleType)["state"].Inputs["policy"])
	everything := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}`)
	for _, resource := range []string{stateBucket, stateBucket + "/x"} {
		for tls, want := range map[string]bool{"true": true, "false": false} {
			r := request{"s3:GetObject", resource, key("aws:SecureTransport", tls)}
			if got := allowed(t, []parsed{p, everything}, r); got != want {
				t.Errorf("%s with TLS %s: %v", resource, tls, got)
			}
			if allowed(t, []parsed{p}, r) {
				t.Errorf("%s: the bucket's policy allows it by itself", resource)
			}
		}
	}
	if s := p.Statement[0]; s.Principal != "*" {
		t.Errorf("its principal is %v", s.Principal)
	}
	key := parse(t, record(t, "staging").Of(keyType)["pulumi"].Inputs["policy"])
	if got := fmt.Sprint(key.Statement[0].Principal); len(key.Statement) != 1 || !strings.Contains(got, settingsOf(t, "staging")[ours(t, "account")]+":root") {
		t.Errorf("the principal of the key's policy is %s", got)
	}
}

// TestAttached checks the additional rights of a stack that is attached to a
// host stack: to read the host's parameters, and to use its table of
// connections. A stack that is not attached does not have them.
func TestAttached(t *testing.T) {
	t.Parallel()
	s := infraOf(t, "staging", "staging")
	for attachTo, want := range map[string]bool{"": false, "web/live": true, "web/liv": false} {
		rec := record(t, "staging", "attachTo", attachTo)
		boundary := boundaryOf(t, rec)
		for _, test := range []struct {
			policies         []parsed
			action, resource string
			want             bool
		}{
			{policiesOf(t, rec, "deploy"), "ssm:GetParameter", s.arn("ssm", "parameter/web/live/apiId"), want},
			{policiesOf(t, rec, "preview"), "ssm:GetParameter", s.arn("ssm", "parameter/web/live/apiId"), want},
			{policiesOf(t, rec, "deploy"), "ssm:PutParameter", s.arn("ssm", "parameter/web/live/apiId"), false},
			{boundary, "dynamodb:Query", s.arn("dynamodb", "table/web-live-connections-0000000"), want},
			{boundary, "dynamodb:GetItem", s.arn("dynamodb", "table/web-live-items-0000000"), false},
		} {
			if got := allowed(t, test.policies, request{test.action, test.resource, nil}); got != test.want {
				t.Errorf("attached to %q: %s on %s: %v", attachTo, test.action, test.resource, got)
			}
		}
	}
}
