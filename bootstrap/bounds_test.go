package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGuard gives both roles every right there is: what the guard forbids stays
// forbidden.
func TestGuard(t *testing.T) {
	t.Parallel()
	rec := record(t, "staging")
	everything := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}`)
	for _, role := range []string{"deploy", "preview"} {
		policies := append(policiesOf(t, rec, role), everything)
		for _, test := range []struct {
			action, resource string
			want             bool
		}{
			{"iam:AttachRolePolicy", iamARN("role/bootstrap/skiff-staging-preview"), false},
			{"iam:UpdateAssumeRolePolicy", iamARN("role/bootstrap/skiff-staging-deploy"), false},
			{"iam:PassRole", iamARN("role/bootstrap/skiff-staging-deploy"), false},
			{"iam:CreatePolicyVersion", iamARN("policy/bootstrap/skiff-staging-boundary"), false},
			{"iam:DeleteOpenIDConnectProvider", iamARN("oidc-provider/gitlab.com"), false},
			{"iam:CreateSAMLProvider", iamARN("saml-provider/x"), false},
			{"iam:CreateAccessKey", iamARN("user/x"), false},
			{"iam:AddUserToGroup", iamARN("group/x"), false},
			{"iam:DeleteRolePermissionsBoundary", iamARN("role/skiff-staging-x"), false},
			{"sts:AssumeRole", iamARN("role/skiff-staging-x"), false},
			{"s3:DeleteBucket", stateBucket, false},
			{"s3:DeleteObjectVersion", stateBucket + "/x", false},
			{"s3:PutBucketPolicy", stateBucket, false},
			{"kms:ScheduleKeyDeletion", stateKey, false},
			{"kms:CreateGrant", stateKey, false},
			{"secretsmanager:GetSecretValue", of("secretsmanager", "secret:x"), false},
			{"secretsmanager:BatchGetSecretValue", "*", false},
			{"secretsmanager:PutResourcePolicy", of("secretsmanager", "secret:x"), false},
			{"s3:PutObject", stateBucket + "/x", true},
			{"s3:DeleteBucket", "arn:aws:s3:::another", true},
			{"iam:GetRole", iamARN("role/skiff-staging-x"), true},
		} {
			if got := allowed(t, policies, request{test.action, test.resource, nil}); got != test.want {
				t.Errorf("%s: %s on %s: %v", role, test.action, test.resource, got)
			}
		}
	}
}

// TestBoundary is what a function may do whose role allows everything: what the
// boundary lets it.
func TestBoundary(t *testing.T) {
	t.Parallel()
	boundary := []parsed{parse(t, record(t, "staging").Of(policyType)["boundary"].Inputs["policy"])}
	table := of("dynamodb", "table/skiff-staging-items-0000000")
	via := func(service string) map[string][]string {
		return key("kms:ViaService", service+".eu-central-1.amazonaws.com")
	}
	for _, test := range []struct {
		action, resource string
		context          map[string][]string
		want             bool
	}{
		{"dynamodb:Query", table + "/index/status-index", nil, true},
		{"dynamodb:Scan", table, nil, false},
		{"dynamodb:DeleteTable", table, nil, false},
		{"dynamodb:GetItem", of("dynamodb", "table/skiff-production-items-0000000"), nil, false},
		{"sqs:SendMessage", of("sqs", "skiff-staging-events-0000000"), nil, true},
		{"sqs:SendMessage", of("sqs", "another"), nil, false},
		{"secretsmanager:GetSecretValue", of("secretsmanager", "secret:skiff-staging-key-0000000-AbCdEf"), nil, true},
		{"secretsmanager:GetSecretValue", of("secretsmanager", "secret:another"), nil, false},
		{"secretsmanager:PutSecretValue", of("secretsmanager", "secret:skiff-staging-key-0000000-AbCdEf"), nil, false},
		{"ssm:GetParametersByPath", of("ssm", "parameter/skiff/staging/x"), nil, true},
		{"ssm:GetParameter", of("ssm", "parameter/skiff/production/x"), nil, false},
		{"logs:PutLogEvents", of("logs", "log-group:skiff-staging-get-item-0000000:log-stream:s"), nil, true},
		{"logs:CreateLogGroup", of("logs", "log-group:skiff-staging-get-item-0000000"), nil, false},
		{"xray:PutTraceSegments", "*", nil, true},
		{"execute-api:ManageConnections", of("execute-api", "a1/staging/POST/@connections/c1"), nil, true},
		{"execute-api:Invoke", of("execute-api", "a1/staging/GET/items"), nil, false},
		{"kms:Decrypt", of("kms", "key/data"), via("sqs"), true},
		{"kms:Decrypt", of("kms", "key/data"), via("s3"), false},
		{"kms:Decrypt", of("kms", "key/data"), nil, false},
		{"kms:Decrypt", stateKey, via("sqs"), false},
		{"s3:GetObject", stateBucket + "/.pulumi/stacks/skiff/staging.json", nil, false},
		{"iam:CreateUser", iamARN("user/x"), nil, false},
		{"iam:PassRole", iamARN("role/skiff-staging-x"), nil, false},
		{"sts:AssumeRole", iamARN("role/bootstrap/skiff-staging-deploy"), nil, false},
		{"lambda:UpdateFunctionCode", of("lambda", "function:skiff-staging-get-item-0000000"), nil, false},
	} {
		if got := allowed(t, boundary, request{test.action, test.resource, test.context}); got != test.want {
			t.Errorf("%s on %s with %v: %v", test.action, test.resource, test.context, got)
		}
	}
}

// Every action that a function's role has is within the boundary, or the
// function would be refused what its role allows. The roles are those of
// infra's goldens.
func TestBoundaryHoldsWhatFunctionsHave(t *testing.T) {
	t.Parallel()
	var within []string
	for _, s := range parse(t, record(t, "staging").Of(policyType)["boundary"].Inputs["policy"]).Statement {
		if s.Effect == "Allow" {
			within = append(within, s.Action...)
		}
	}
	action := regexp.MustCompile(`(?m)^ +- ([a-z0-9-]+:[A-Za-z]+)$`)
	found := 0
	for _, block := range infraGoldens(t) {
		if !strings.HasPrefix(block, "aws:iam/rolePolicy:") && !strings.HasPrefix(block, policyType) {
			continue
		}
		for _, match := range action.FindAllStringSubmatch(block, -1) {
			if found++; !slices.Contains(within, match[1]) {
				t.Errorf("%.60s has %s, which the boundary lacks", block, match[1])
			}
		}
	}
	if found == 0 {
		t.Error("no action is found in infra's goldens")
	}
}

// infraGoldens is the resources that infra declares, a block of text for each,
// which begins with the resource's type and name.
func infraGoldens(t *testing.T) []string {
	t.Helper()
	var blocks []string
	for _, stack := range []string{"staging", "production"} {
		text, err := os.ReadFile(filepath.Join("..", "infra", "testdata", stack+".golden"))
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, strings.Split(string(text), "\n\n")...)
	}
	return blocks
}

// TestStateBucketPolicy lets nobody in without TLS, and allows nothing itself.
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
		t.Errorf("it is about %v", s.Principal)
	}
	key := parse(t, record(t, "staging").Of(keyType)["pulumi"].Inputs["policy"])
	if got := fmt.Sprint(key.Statement[0].Principal); len(key.Statement) != 1 || !strings.Contains(got, "arn:aws:iam::111111111111:root") {
		t.Errorf("the key is of %s", got)
	}
}

// TestAttached is what a stack may do that is attached to another one, and what
// others may not: read the parameters there, and have its functions use the
// connections.
func TestAttached(t *testing.T) {
	t.Parallel()
	for attachTo, want := range map[string]bool{"": false, "web/live": true, "web/liv": false} {
		rec := record(t, "staging", "attachTo", attachTo)
		boundary := []parsed{parse(t, rec.Of(policyType)["boundary"].Inputs["policy"])}
		for _, test := range []struct {
			policies         []parsed
			action, resource string
			want             bool
		}{
			{policiesOf(t, rec, "deploy"), "ssm:GetParameter", of("ssm", "parameter/web/live/apiId"), want},
			{policiesOf(t, rec, "preview"), "ssm:GetParameter", of("ssm", "parameter/web/live/apiId"), want},
			{policiesOf(t, rec, "deploy"), "ssm:PutParameter", of("ssm", "parameter/web/live/apiId"), false},
			{boundary, "dynamodb:Query", of("dynamodb", "table/web-live-connections-0000000"), want},
			{boundary, "dynamodb:GetItem", of("dynamodb", "table/web-live-items-0000000"), false},
		} {
			if got := allowed(t, test.policies, request{test.action, test.resource, nil}); got != test.want {
				t.Errorf("attached to %q: %s on %s: %v", attachTo, test.action, test.resource, got)
			}
		}
	}
}
