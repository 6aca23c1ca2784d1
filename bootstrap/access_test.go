package main

import (
	"testing"

	"skiff/infra/recording"
)

// policiesOf returns the policies of a role.
func policiesOf(t *testing.T, rec *recording.Stack, role string) []parsed {
	t.Helper()
	var all []parsed
	for _, a := range rec.Of(attachmentType) {
		if input(a, "role") != rec.Of(roleType)[role].Inputs["name"] {
			continue
		}
		for _, p := range rec.Of(policyType) {
			if p.Outputs["arn"] == input(a, "policyArn") {
				all = append(all, parse(t, p.Inputs["policy"]))
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no policies", role)
	}
	return all
}

// access is a call, with the roles that may make it.
type access struct {
	action, resource string
	context          map[string][]string
	deploy, preview  bool
}

func key(name string, values ...string) map[string][]string {
	return map[string][]string{name: values}
}

// policies holds the policies of the two roles.
type policies struct{ deploy, preview []parsed }

func policiesIn(t *testing.T, rec *recording.Stack) policies {
	t.Helper()
	return policies{policiesOf(t, rec, "deploy"), policiesOf(t, rec, "preview")}
}

// check reports whether exactly the expected roles may make the call.
func (p policies) check(t *testing.T, about string, row access) (ok bool) {
	t.Helper()
	ok = true
	r := request{row.action, row.resource, row.context}
	for _, role := range []struct {
		name     string
		policies []parsed
		want     bool
	}{{"deploy", p.deploy, row.deploy}, {"preview", p.preview, row.preview}} {
		if got := allowed(t, role.policies, r); got != role.want {
			t.Errorf("%s%s may %s on %s with %v: %t, want %t", about, role.name, r.action, r.resource, r.context, got, role.want)
			ok = false
		}
	}
	return ok
}

// TestAccess checks what each role may do and may not do with infra's
// resources.
func TestAccess(t *testing.T) {
	t.Parallel()
	roles, infra := policiesIn(t, record(t, "staging")), infraOf(t, "staging", "staging")
	var rows []access
	for _, more := range [][]access{iamAccess(t, infra), stateAccess(infra), computeAccess(t, infra), gatewayAccess(t, infra),
		dataAccess(t, infra), operationsAccess(t, infra), objectsAccess(infra)} {
		rows = append(rows, more...)
	}
	for _, row := range rows {
		roles.check(t, "", row)
		if row.preview && !row.deploy {
			t.Errorf("preview may and deploy may not %s", row.action)
		}
	}
	t.Logf("%d checks", 2*len(rows))
}

func iamAccess(t *testing.T, s infraStack) []access {
	role := s.arnOf(s.first(t, roleType))
	bound := key("iam:PermissionsBoundary", s.iam("policy/bootstrap/"+s.prefix()+"-boundary"))
	other := key("iam:PermissionsBoundary", s.iam("policy/AdministratorAccess"))
	to := func(service string) map[string][]string { return key("iam:PassedToService", service) }
	mine, theirs := "role/bootstrap/"+s.prefix()+"-deploy", "policy/bootstrap/"+s.prefix()+"-boundary"
	return []access{
		{"iam:CreateRole", role, bound, true, false},
		{"iam:CreateRole", role, nil, false, false},
		{"iam:CreateRole", role, other, false, false},
		{"iam:CreateRole", s.iam("role/other"), bound, false, false},
		{"iam:CreateRole", s.foreign(role), bound, false, false},
		{"iam:CreateRole", s.iam("role/bootstrap/" + s.prefix() + "-x"), bound, false, false},
		{"iam:PutRolePolicy", role, bound, true, false},
		{"iam:PutRolePolicy", role, nil, false, false},
		{"iam:AttachRolePolicy", role, bound, true, false},
		{"iam:AttachRolePolicy", role, nil, false, false},
		{"iam:AttachRolePolicy", s.iam(mine), bound, false, false},
		{"iam:PutRolePermissionsBoundary", role, bound, true, false},
		{"iam:PutRolePermissionsBoundary", role, other, false, false},
		{"iam:DeleteRolePermissionsBoundary", role, bound, false, false},
		{"iam:UpdateAssumeRolePolicy", role, nil, true, false},
		{"iam:UpdateAssumeRolePolicy", s.iam(mine), nil, false, false},
		{"iam:DeleteRole", role, nil, true, false},
		{"iam:DeleteRole", s.iam(mine), nil, false, false},
		{"iam:GetRole", role, nil, true, true},
		{"iam:PassRole", role, to("lambda.amazonaws.com"), true, false},
		{"iam:PassRole", role, to("scheduler.amazonaws.com"), true, false},
		{"iam:PassRole", role, to("ec2.amazonaws.com"), false, false},
		{"iam:PassRole", role, nil, false, false},
		{"iam:PassRole", s.iam(mine), to("lambda.amazonaws.com"), false, false},
		{"iam:PassRole", s.iam("role/Admin"), to("lambda.amazonaws.com"), false, false},
		{"iam:CreatePolicy", s.arnOf(s.first(t, policyType)), nil, true, false},
		{"iam:CreatePolicyVersion", s.iam(theirs), nil, false, false},
		{"iam:SetDefaultPolicyVersion", s.iam(theirs), nil, false, false},
		{"iam:DeletePolicy", s.iam(theirs), nil, false, false},
		{"iam:CreateUser", s.iam("user/" + s.prefix() + "-x"), nil, false, false},
		{"iam:CreateAccessKey", s.iam("user/" + s.prefix() + "-x"), nil, false, false},
		{"iam:CreateLoginProfile", s.iam("user/x"), nil, false, false},
		{"iam:UpdateOpenIDConnectProviderThumbprint", s.iam("oidc-provider/gitlab.com"), nil, false, false},
		{"iam:AddClientIDToOpenIDConnectProvider", s.iam("oidc-provider/gitlab.com"), nil, false, false},
		{"iam:CreateServiceLinkedRole", s.iam("role/aws-service-role/ops.apigateway.amazonaws.com/x"),
			key("iam:AWSServiceName", "ops.apigateway.amazonaws.com"), true, false},
		{"iam:CreateServiceLinkedRole", s.iam("role/aws-service-role/ec2.amazonaws.com/x"), key("iam:AWSServiceName", "ec2.amazonaws.com"), false, false},
		{"sts:AssumeRole", role, nil, false, false},
		{"organizations:LeaveOrganization", "*", nil, false, false},
		{"ec2:RunInstances", "*", nil, false, false},
	}
}

func stateAccess(s infraStack) []access {
	of := s.project + "/" + s.stack
	object := func(path string) string { return stateBucket + "/.pulumi/" + path }
	return []access{
		{"s3:GetObject", object("meta.yaml"), nil, true, true},
		{"s3:PutObject", object("meta.yaml"), nil, false, false},
		{"s3:GetObject", object("stacks/" + of + ".json"), nil, true, true},
		{"s3:PutObject", object("stacks/" + of + ".json"), nil, true, false},
		{"s3:PutObject", object("stacks/" + of + ".json.bak"), nil, true, false},
		{"s3:DeleteObject", object("stacks/" + of + ".json"), nil, true, false},
		{"s3:PutObject", object("locks/organization/" + of + "/x.json"), nil, true, false},
		{"s3:DeleteObject", object("locks/organization/" + of + "/x.json"), nil, true, false},
		{"s3:PutObject", object("history/" + of + "/" + s.stack + "-1.history.json"), nil, true, false},
		{"s3:PutObject", object("backups/" + of + "/" + s.stack + ".1.json"), nil, true, false},
		{"s3:GetObject", object("stacks/" + s.project + "/qa.json"), nil, false, false},
		{"s3:GetObject", object("stacks/other/" + s.stack + ".json"), nil, false, false},
		{"s3:PutObject", object("stacks/" + s.project + "-bootstrap/" + s.stack + ".json"), nil, false, false},
		{"s3:ListBucket", stateBucket, nil, true, true},
		{"s3:ListBucket", "arn:aws:s3:::another", nil, false, false},
		{"s3:GetObject", "arn:aws:s3:::another/o", nil, false, false},
		{"s3:GetObjectVersion", object("stacks/" + of + ".json"), nil, false, false},
		{"s3:DeleteObjectVersion", object("stacks/" + of + ".json"), nil, false, false},
		{"s3:DeleteBucket", stateBucket, nil, false, false},
		{"s3:PutBucketPolicy", stateBucket, nil, false, false},
		{"s3:PutBucketVersioning", stateBucket, nil, false, false},
		{"s3:PutLifecycleConfiguration", stateBucket, nil, false, false},
		{"kms:Decrypt", stateKey, nil, true, true},
		{"kms:Encrypt", stateKey, nil, true, false},
		{"kms:GenerateDataKey", stateKey, nil, true, false},
		{"kms:Decrypt", s.arn("kms", "key/another"), nil, false, false},
		{"kms:ScheduleKeyDeletion", stateKey, nil, false, false},
		{"kms:PutKeyPolicy", stateKey, nil, false, false},
		{"kms:CreateGrant", stateKey, nil, false, false},
		{"kms:DeleteAlias", stateKey, nil, false, false},
	}
}
