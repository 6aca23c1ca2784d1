package main

import (
	"testing"

	"skiff/infra/recording"
)

// policiesOf is the documents of the policies that a role has.
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

// access is a call, and which of staging's roles may make it.
type access struct {
	action, resource string
	context          map[string][]string
	deploy, preview  bool
}

func of(service, resource string) string {
	return "arn:aws:" + service + ":eu-central-1:111111111111:" + resource
}
func iamARN(resource string) string { return "arn:aws:iam::111111111111:" + resource }
func gatewayARN(path string) string { return "arn:aws:apigateway:eu-central-1::" + path }
func key(name string, values ...string) map[string][]string {
	return map[string][]string{name: values}
}

// TestAccess is what each role may and may not do.
func TestAccess(t *testing.T) {
	t.Parallel()
	rec := record(t, "staging")
	deploy, preview := policiesOf(t, rec, "deploy"), policiesOf(t, rec, "preview")
	var rows []access
	for _, more := range [][]access{iamAccess(), stateAccess(), computeAccess(), gatewayAccess(), dataAccess(), operationsAccess()} {
		rows = append(rows, more...)
	}
	for _, row := range rows {
		r := request{row.action, row.resource, row.context}
		if got := allowed(t, deploy, r); got != row.deploy {
			t.Errorf("deploy: %s on %s with %v: %v", r.action, r.resource, r.context, got)
		}
		if got := allowed(t, preview, r); got != row.preview {
			t.Errorf("preview: %s on %s with %v: %v", r.action, r.resource, r.context, got)
		}
		if row.preview && !row.deploy {
			t.Errorf("preview may and deploy may not %s", r.action)
		}
	}
}

func iamAccess() []access {
	role := iamARN("role/skiff-staging-get-item-0000000")
	bound := key("iam:PermissionsBoundary", iamARN("policy/bootstrap/skiff-staging-boundary"))
	other := key("iam:PermissionsBoundary", iamARN("policy/AdministratorAccess"))
	to := func(service string) map[string][]string { return key("iam:PassedToService", service) }
	const mine, theirs = "role/bootstrap/skiff-staging-deploy", "policy/bootstrap/skiff-staging-boundary"
	return []access{
		{"iam:CreateRole", role, bound, true, false},
		{"iam:CreateRole", role, nil, false, false},
		{"iam:CreateRole", role, other, false, false},
		{"iam:CreateRole", iamARN("role/other"), bound, false, false},
		{"iam:CreateRole", iamARN("role/skiff-production-get-item-0000000"), bound, false, false},
		{"iam:CreateRole", iamARN("role/bootstrap/skiff-staging-x"), bound, false, false},
		{"iam:PutRolePolicy", role, bound, true, false},
		{"iam:PutRolePolicy", role, nil, false, false},
		{"iam:AttachRolePolicy", role, bound, true, false},
		{"iam:AttachRolePolicy", role, nil, false, false},
		{"iam:AttachRolePolicy", iamARN(mine), bound, false, false},
		{"iam:PutRolePermissionsBoundary", role, bound, true, false},
		{"iam:PutRolePermissionsBoundary", role, other, false, false},
		{"iam:DeleteRolePermissionsBoundary", role, bound, false, false},
		{"iam:UpdateAssumeRolePolicy", role, nil, true, false},
		{"iam:UpdateAssumeRolePolicy", iamARN(mine), nil, false, false},
		{"iam:DeleteRole", role, nil, true, false},
		{"iam:DeleteRole", iamARN(mine), nil, false, false},
		{"iam:GetRole", role, nil, true, true},
		{"iam:PassRole", role, to("lambda.amazonaws.com"), true, false},
		{"iam:PassRole", role, to("ec2.amazonaws.com"), false, false},
		{"iam:PassRole", role, nil, false, false},
		{"iam:PassRole", iamARN(mine), to("lambda.amazonaws.com"), false, false},
		{"iam:PassRole", iamARN("role/Admin"), to("lambda.amazonaws.com"), false, false},
		{"iam:CreatePolicy", iamARN("policy/skiff-staging-table-0000000"), nil, true, false},
		{"iam:CreatePolicyVersion", iamARN(theirs), nil, false, false},
		{"iam:SetDefaultPolicyVersion", iamARN(theirs), nil, false, false},
		{"iam:DeletePolicy", iamARN(theirs), nil, false, false},
		{"iam:CreateUser", iamARN("user/skiff-staging-x"), nil, false, false},
		{"iam:CreateAccessKey", iamARN("user/skiff-staging-x"), nil, false, false},
		{"iam:CreateLoginProfile", iamARN("user/x"), nil, false, false},
		{"iam:UpdateOpenIDConnectProviderThumbprint", iamARN("oidc-provider/gitlab.com"), nil, false, false},
		{"iam:AddClientIDToOpenIDConnectProvider", iamARN("oidc-provider/gitlab.com"), nil, false, false},
		{"iam:CreateServiceLinkedRole", iamARN("role/aws-service-role/ops.apigateway.amazonaws.com/x"),
			key("iam:AWSServiceName", "ops.apigateway.amazonaws.com"), true, false},
		{"iam:CreateServiceLinkedRole", iamARN("role/aws-service-role/ec2.amazonaws.com/x"), key("iam:AWSServiceName", "ec2.amazonaws.com"), false, false},
		{"sts:AssumeRole", role, nil, false, false},
		{"organizations:LeaveOrganization", "*", nil, false, false},
		{"ec2:RunInstances", "*", nil, false, false},
	}
}

func stateAccess() []access {
	object := func(path string) string { return stateBucket + "/.pulumi/" + path }
	return []access{
		{"s3:GetObject", object("meta.yaml"), nil, true, true},
		{"s3:PutObject", object("meta.yaml"), nil, false, false},
		{"s3:GetObject", object("stacks/skiff/staging.json"), nil, true, true},
		{"s3:PutObject", object("stacks/skiff/staging.json"), nil, true, false},
		{"s3:PutObject", object("stacks/skiff/staging.json.bak"), nil, true, false},
		{"s3:DeleteObject", object("stacks/skiff/staging.json"), nil, true, false},
		{"s3:PutObject", object("locks/organization/skiff/staging/x.json"), nil, true, false},
		{"s3:DeleteObject", object("locks/organization/skiff/staging/x.json"), nil, true, false},
		{"s3:PutObject", object("history/skiff/staging/staging-1.history.json"), nil, true, false},
		{"s3:PutObject", object("backups/skiff/staging/staging.1.json"), nil, true, false},
		{"s3:GetObject", object("stacks/skiff/qa.json"), nil, false, false},
		{"s3:GetObject", object("stacks/other/staging.json"), nil, false, false},
		{"s3:PutObject", object("stacks/skiff-bootstrap/staging.json"), nil, false, false},
		{"s3:ListBucket", stateBucket, nil, true, true},
		{"s3:ListBucket", "arn:aws:s3:::another", nil, false, false},
		{"s3:GetObject", "arn:aws:s3:::another/o", nil, false, false},
		{"s3:GetObjectVersion", object("stacks/skiff/staging.json"), nil, false, false},
		{"s3:DeleteObjectVersion", object("stacks/skiff/staging.json"), nil, false, false},
		{"s3:DeleteBucket", stateBucket, nil, false, false},
		{"s3:PutBucketPolicy", stateBucket, nil, false, false},
		{"s3:PutBucketVersioning", stateBucket, nil, false, false},
		{"s3:PutLifecycleConfiguration", stateBucket, nil, false, false},
		{"kms:Decrypt", stateKey, nil, true, true},
		{"kms:Encrypt", stateKey, nil, true, false},
		{"kms:GenerateDataKey", stateKey, nil, true, false},
		{"kms:Decrypt", of("kms", "key/another"), nil, false, false},
		{"kms:ScheduleKeyDeletion", stateKey, nil, false, false},
		{"kms:PutKeyPolicy", stateKey, nil, false, false},
		{"kms:CreateGrant", stateKey, nil, false, false},
		{"kms:DeleteAlias", stateKey, nil, false, false},
	}
}

func computeAccess() []access {
	fn, other := of("lambda", "function:skiff-staging-get-item-0000000"), of("lambda", "function:skiff-production-get-item-0000000")
	mapping := of("lambda", "event-source-mapping:1b2c")
	forFunction := key("lambda:FunctionArn", fn)
	queue := of("sqs", "skiff-staging-events-0000000")
	return []access{
		{"lambda:CreateFunction", fn, nil, true, false},
		{"lambda:UpdateFunctionCode", fn, nil, true, false},
		{"lambda:UpdateFunctionCode", other, nil, false, false},
		{"lambda:DeleteFunction", of("lambda", "function:another"), nil, false, false},
		{"lambda:GetFunction", fn, nil, true, true},
		{"lambda:GetFunction", other, nil, false, false},
		{"lambda:InvokeFunction", fn, nil, false, false},
		{"lambda:CreateFunctionUrlConfig", fn, nil, false, false},
		{"lambda:CreateEventSourceMapping", "*", forFunction, true, false},
		{"lambda:CreateEventSourceMapping", "*", key("lambda:FunctionArn", other), false, false},
		{"lambda:CreateEventSourceMapping", "*", nil, false, false},
		{"lambda:DeleteEventSourceMapping", mapping, forFunction, true, false},
		{"lambda:DeleteEventSourceMapping", mapping, key("lambda:FunctionArn", other), false, false},
		{"lambda:GetEventSourceMapping", mapping, forFunction, true, true},
		{"sqs:CreateQueue", queue, nil, true, false},
		{"sqs:DeleteQueue", of("sqs", "another"), nil, false, false},
		{"sqs:GetQueueAttributes", queue, nil, true, true},
		{"sqs:ReceiveMessage", queue, nil, false, false},
		{"sqs:PurgeQueue", queue, nil, false, false},
	}
}

func gatewayAccess() []access {
	const names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
	zone := "arn:aws:route53:::hostedzone/Z1"
	certificate := func(method, region string, domains ...string) map[string][]string {
		return map[string][]string{"acm:ValidationMethod": {method}, "aws:RequestedRegion": {region}, "acm:DomainNames": domains}
	}
	return []access{
		{"apigateway:POST", gatewayARN("/apis"), nil, true, false},
		{"apigateway:PATCH", gatewayARN("/apis/a1/routes/r1"), nil, true, false},
		{"apigateway:DELETE", gatewayARN("/apis/a1"), nil, true, false},
		{"apigateway:GET", gatewayARN("/apis/a1/stages/$default"), nil, true, true},
		{"apigateway:POST", gatewayARN("/restapis"), nil, false, false},
		{"apigateway:GET", gatewayARN("/apikeys"), nil, false, false},
		{"apigateway:PATCH", gatewayARN("/account"), nil, false, false},
		{"apigateway:PUT", gatewayARN("/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Fapis%2Fa1"), nil, true, false},
		{"apigateway:PUT", gatewayARN("/apis/a1"), nil, false, false},
		{"apigateway:POST", gatewayARN("/domainnames"), nil, true, false},
		{"apigateway:PATCH", gatewayARN("/domainnames/staging.example.com"), nil, true, false},
		{"apigateway:POST", gatewayARN("/domainnames/staging.example.com/apimappings"), nil, true, false},
		{"apigateway:DELETE", gatewayARN("/domainnames/v2.staging.example.com/apimappings/m1"), nil, true, false},
		{"apigateway:DELETE", gatewayARN("/domainnames/api.example.com"), nil, false, false},
		{"apigateway:GET", gatewayARN("/domainnames/staging.example.com"), nil, true, true},
		{"apigateway:GET", gatewayARN("/domainnames/api.example.com"), nil, false, false},
		{"acm:RequestCertificate", "*", certificate("DNS", "eu-central-1", "staging.example.com", "*.staging.example.com"), true, false},
		{"acm:RequestCertificate", "*", certificate("DNS", "eu-central-1", "staging.example.com", "api.example.com"), false, false},
		{"acm:RequestCertificate", "*", certificate("DNS", "eu-central-1", "evilstaging.example.com"), false, false},
		{"acm:RequestCertificate", "*", certificate("EMAIL", "eu-central-1", "staging.example.com"), false, false},
		{"acm:RequestCertificate", "*", certificate("DNS", "us-east-1", "staging.example.com"), false, false},
		{"acm:RequestCertificate", "*", key("acm:ValidationMethod", "DNS"), false, false},
		{"acm:DescribeCertificate", of("acm", "certificate/c1"), nil, true, true},
		{"acm:ExportCertificate", of("acm", "certificate/c1"), nil, false, false},
		{"route53:ChangeResourceRecordSets", zone, key(names, "staging.example.com", "_x1.staging.example.com"), true, false},
		{"route53:ChangeResourceRecordSets", zone, key(names, "staging.example.com", "api.example.com"), false, false},
		{"route53:ChangeResourceRecordSets", zone, key(names, "example.com"), false, false},
		{"route53:ChangeResourceRecordSets", zone, nil, false, false},
		{"route53:CreateHostedZone", "*", nil, true, false},
		{"route53:ListResourceRecordSets", zone, nil, true, true},
		{"route53domains:TransferDomain", "*", nil, false, false},
	}
}

func dataAccess() []access {
	table, secret := of("dynamodb", "table/skiff-staging-items-0000000"), of("secretsmanager", "secret:skiff-staging-key-0000000-AbCdEf")
	return []access{
		{"dynamodb:CreateTable", table, nil, true, false},
		{"dynamodb:DeleteTable", of("dynamodb", "table/skiff-production-items-0000000"), nil, false, false},
		{"dynamodb:DescribeTable", table, nil, true, true},
		{"dynamodb:Scan", table, nil, false, false},
		{"dynamodb:GetItem", table, nil, false, false},
		{"dynamodb:PutResourcePolicy", table, nil, false, false},
		{"dynamodb:ExportTableToPointInTime", table, nil, false, false},
		{"secretsmanager:CreateSecret", secret, nil, true, false},
		{"secretsmanager:DescribeSecret", secret, nil, true, true},
		{"secretsmanager:GetSecretValue", secret, nil, false, false},
		{"secretsmanager:PutSecretValue", secret, nil, false, false},
		{"secretsmanager:PutResourcePolicy", secret, nil, false, false},
		{"ssm:PutParameter", of("ssm", "parameter/skiff/staging/api-id"), nil, true, false},
		{"ssm:PutParameter", of("ssm", "parameter/skiff/production/api-id"), nil, false, false},
		{"ssm:PutParameter", of("ssm", "parameter/skiff/staging-2/api-id"), nil, false, false},
		{"ssm:GetParameter", of("ssm", "parameter/skiff/shared/api-id"), nil, true, true},
		{"ssm:GetParameter", of("ssm", "parameter/other/password"), nil, false, false},
	}
}

func operationsAccess() []access {
	group, vended := of("logs", "log-group:skiff-staging-get-item-0000000"), of("logs", "log-group:/aws/vendedlogs/skiff-staging-api-0000000")
	here, there := key("aws:RequestedRegion", "eu-central-1"), key("aws:RequestedRegion", "us-east-1")
	topic := of("sns", "skiff-staging-alarms-0000000")
	return []access{
		{"logs:CreateLogGroup", group, nil, true, false},
		{"logs:PutRetentionPolicy", vended, nil, true, false},
		{"logs:DeleteLogGroup", of("logs", "log-group:/aws/lambda/another"), nil, false, false},
		{"logs:DescribeLogGroups", "*", here, true, true},
		{"logs:GetLogEvents", group + ":log-stream:s", nil, false, false},
		{"logs:FilterLogEvents", group, nil, false, false},
		{"logs:CreateLogDelivery", "*", here, true, false},
		{"logs:CreateLogDelivery", "*", there, false, false},
		{"logs:PutResourcePolicy", "*", here, true, false},
		{"cloudwatch:PutMetricAlarm", of("cloudwatch", "alarm:skiff-staging-errors-0000000"), nil, true, false},
		{"cloudwatch:DeleteAlarms", of("cloudwatch", "alarm:another"), nil, false, false},
		{"cloudwatch:DescribeAlarms", of("cloudwatch", "alarm:*"), nil, true, true},
		{"cloudwatch:PutDashboard", "arn:aws:cloudwatch::111111111111:dashboard/skiff-staging-api-0000000", nil, true, false},
		{"sns:CreateTopic", topic, nil, true, false},
		{"sns:Unsubscribe", topic + ":0000", nil, true, false},
		{"sns:GetTopicAttributes", topic, nil, true, true},
		{"sns:Publish", topic, nil, false, false},
		{"sns:DeleteTopic", of("sns", "another"), nil, false, false},
	}
}
