package main

import (
	"encoding/json"
	"strings"
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

// access is a call, and which of a stack's roles may make it.
type access struct {
	action, resource string
	context          map[string][]string
	deploy, preview  bool
}

func key(name string, values ...string) map[string][]string {
	return map[string][]string{name: values}
}

// policies are those of the two roles.
type policies struct{ deploy, preview []parsed }

func policiesIn(t *testing.T, rec *recording.Stack) policies {
	t.Helper()
	return policies{policiesOf(t, rec, "deploy"), policiesOf(t, rec, "preview")}
}

// check reports whether both roles may do what they should and no more.
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

// TestAccess is what each role may and may not do. The names are those of
// infra's resources.
func TestAccess(t *testing.T) {
	t.Parallel()
	roles, infra := policiesIn(t, record(t, "staging")), infraOf(t, "staging")
	var rows []access
	for _, more := range [][]access{iamAccess(t, infra), stateAccess(infra), computeAccess(t, infra), gatewayAccess(t, infra),
		dataAccess(t, infra), operationsAccess(t, infra)} {
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

func computeAccess(t *testing.T, s infraStack) []access {
	fn, mapping := s.arnOf(s.first(t, functionType)), s.arnOf(s.first(t, mappingType))
	other := s.foreign(fn)
	forFunction := key("lambda:FunctionArn", fn)
	queue := s.arnOf(s.first(t, queueType))
	return []access{
		{"lambda:CreateFunction", fn, nil, true, false},
		{"lambda:UpdateFunctionCode", fn, nil, true, false},
		{"lambda:UpdateFunctionCode", other, nil, false, false},
		{"lambda:DeleteFunction", s.arn("lambda", "function:another"), nil, false, false},
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
		{"sqs:DeleteQueue", s.arn("sqs", "another"), nil, false, false},
		{"sqs:GetQueueAttributes", queue, nil, true, true},
		{"sqs:ReceiveMessage", queue, nil, false, false},
		{"sqs:PurgeQueue", queue, nil, false, false},
	}
}

func gatewayAccess(t *testing.T, s infraStack) []access {
	const names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
	zone := "arn:aws:route53:::hostedzone/Z1"
	domain := domainsOf(t, s.stack)[0]
	_, parent, _ := strings.Cut(domain, ".")
	certificate := func(method, region string, domains ...string) map[string][]string {
		return map[string][]string{"acm:ValidationMethod": {method}, "aws:RequestedRegion": {region}, "acm:DomainNames": domains}
	}
	return []access{
		{"apigateway:POST", s.gateway("/apis"), nil, true, false},
		{"apigateway:PATCH", s.gateway("/apis/a1/routes/r1"), nil, true, false},
		{"apigateway:DELETE", s.gateway("/apis/a1"), nil, true, false},
		{"apigateway:GET", s.gateway("/apis/a1/stages/$default"), nil, true, true},
		{"apigateway:POST", s.gateway("/restapis"), nil, false, false},
		{"apigateway:GET", s.gateway("/apikeys"), nil, false, false},
		{"apigateway:PATCH", s.gateway("/account"), nil, false, false},
		{"apigateway:PUT", s.gateway("/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Fapis%2Fa1"), nil, true, false},
		{"apigateway:PUT", s.gateway("/apis/a1"), nil, false, false},
		{"apigateway:POST", s.gateway("/domainnames"), nil, true, false},
		{"apigateway:PATCH", s.gateway("/domainnames/" + domain), nil, true, false},
		{"apigateway:POST", s.gateway("/domainnames/" + domain + "/apimappings"), nil, true, false},
		{"apigateway:DELETE", s.gateway("/domainnames/v2." + domain + "/apimappings/m1"), nil, true, false},
		{"apigateway:DELETE", s.gateway("/domainnames/api." + parent), nil, false, false},
		{"apigateway:GET", s.gateway("/domainnames/" + domain), nil, true, true},
		{"apigateway:GET", s.gateway("/domainnames/api." + parent), nil, false, false},
		{"acm:RequestCertificate", "*", certificate("DNS", s.region, domain, "*."+domain), true, false},
		{"acm:RequestCertificate", "*", certificate("DNS", s.region, domain, "api."+parent), false, false},
		{"acm:RequestCertificate", "*", certificate("DNS", s.region, "evil"+domain), false, false},
		{"acm:RequestCertificate", "*", certificate("EMAIL", s.region, domain), false, false},
		{"acm:RequestCertificate", "*", certificate("DNS", "us-east-1", domain), false, false},
		{"acm:RequestCertificate", "*", key("acm:ValidationMethod", "DNS"), false, false},
		{"acm:DescribeCertificate", s.arn("acm", "certificate/c1"), nil, true, true},
		{"acm:ExportCertificate", s.arn("acm", "certificate/c1"), nil, false, false},
		{"route53:ChangeResourceRecordSets", zone, key(names, domain, "_x1."+domain), true, false},
		{"route53:ChangeResourceRecordSets", zone, key(names, domain, "api."+parent), false, false},
		{"route53:ChangeResourceRecordSets", zone, key(names, parent), false, false},
		{"route53:ChangeResourceRecordSets", zone, nil, false, false},
		{"route53:CreateHostedZone", "*", nil, true, false},
		{"route53:ListResourceRecordSets", zone, nil, true, true},
		{"route53domains:TransferDomain", "*", nil, false, false},
	}
}

// domainsOf are the domains of bootstrap's stack.
func domainsOf(t *testing.T, stack string) (domains []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(settingsOf(t, stack)["skiff-bootstrap:domains"]), &domains); err != nil {
		t.Fatal(err)
	}
	return domains
}

func dataAccess(t *testing.T, s infraStack) []access {
	table, secret, parameter := s.arnOf(s.first(t, tableType)), s.arnOf(s.first(t, secretType)), s.arnOf(s.first(t, parameterType))
	in := func(stack string) string { return strings.Replace(parameter, "/"+s.stack+"/", "/"+stack+"/", 1) }
	return []access{
		{"dynamodb:CreateTable", table, nil, true, false},
		{"dynamodb:DeleteTable", s.foreign(table), nil, false, false},
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
		{"ssm:PutParameter", parameter, nil, true, false},
		{"ssm:PutParameter", in("other"), nil, false, false},
		{"ssm:PutParameter", in(s.stack + "-2"), nil, false, false},
		{"ssm:GetParameter", in("shared"), nil, true, true},
		{"ssm:GetParameter", s.arn("ssm", "parameter/other/password"), nil, false, false},
	}
}

func operationsAccess(t *testing.T, s infraStack) []access {
	var group, vended string // a function's, and the access log
	for _, d := range s.of(logGroupType) {
		if d.fixedName() == "" {
			group = s.arnOf(d)
		} else {
			vended = s.arnOf(d)
		}
	}
	here, there := key("aws:RequestedRegion", s.region), key("aws:RequestedRegion", "us-east-1")
	topic := s.arnOf(s.first(t, topicType))
	return []access{
		{"logs:CreateLogGroup", group, nil, true, false},
		{"logs:PutRetentionPolicy", vended, nil, true, false},
		{"logs:DeleteLogGroup", s.arn("logs", "log-group:/aws/lambda/another"), nil, false, false},
		{"logs:DescribeLogGroups", "*", here, true, true},
		{"logs:GetLogEvents", group + ":log-stream:s", nil, false, false},
		{"logs:FilterLogEvents", group, nil, false, false},
		{"logs:CreateLogDelivery", "*", here, true, false},
		{"logs:CreateLogDelivery", "*", there, false, false},
		{"logs:PutResourcePolicy", "*", here, true, false},
		{"cloudwatch:PutMetricAlarm", s.arnOf(s.first(t, alarmType)), nil, true, false},
		{"cloudwatch:DeleteAlarms", s.arn("cloudwatch", "alarm:another"), nil, false, false},
		{"cloudwatch:DescribeAlarms", s.arn("cloudwatch", "alarm:*"), nil, true, true},
		{"cloudwatch:PutDashboard", s.arnOf(s.first(t, dashboardType)), nil, true, false},
		{"sns:CreateTopic", topic, nil, true, false},
		{"sns:Unsubscribe", topic + ":0000", nil, true, false},
		{"sns:GetTopicAttributes", topic, nil, true, true},
		{"sns:Publish", topic, nil, false, false},
		{"sns:DeleteTopic", s.arn("sns", "another"), nil, false, false},
	}
}
