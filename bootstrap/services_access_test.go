package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func computeAccess(t *testing.T, s infraStack) []access {
	fn, mapping := s.arnOf(s.first(t, functionType)), s.arnOf(s.first(t, mappingType))
	other := s.foreign(fn)
	forFunction := key("lambda:FunctionArn", fn)
	queue := s.arnOf(s.first(t, queueType))
	schedule := declared{typ: scheduleType, name: "nightly"}
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
		{"scheduler:CreateSchedule", s.arnOf(schedule), nil, true, false},
		{"scheduler:DeleteSchedule", s.foreign(s.arnOf(schedule)), nil, false, false},
		{"scheduler:UpdateSchedule", strings.Replace(s.arnOf(schedule), "/default/", "/other/", 1), nil, false, false},
		{"scheduler:GetSchedule", s.arnOf(schedule), nil, true, true},
		{"scheduler:CreateScheduleGroup", s.arn("scheduler", "schedule-group/"+s.prefix()+"-x"), nil, false, false},
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

// domainsOf returns the domains of bootstrap's stack.
func domainsOf(t *testing.T, stack string) (domains []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(settingsOf(t, stack)[ours(t, "domains")]), &domains); err != nil {
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

// objectsAccess returns calls for the stack's buckets: the roles manage buckets
// but have no access to objects.
func objectsAccess(s infraStack) []access {
	bucket := s.arnOf(declared{typ: bucketType, name: "files"})
	return []access{
		{"s3:CreateBucket", bucket, nil, true, false},
		{"s3:PutBucketPolicy", bucket, nil, true, false},
		{"s3:DeleteBucket", bucket, nil, true, false},
		{"s3:DeleteBucket", s.foreign(bucket), nil, false, false},
		{"s3:DeleteBucket", "arn:aws:s3:::another", nil, false, false},
		{"s3:GetBucketVersioning", bucket, nil, true, true},
		{"s3:GetBucketVersioning", s.foreign(bucket), nil, false, false},
		{"s3:PutBucketAcl", bucket, nil, false, false},
		{"s3:GetObject", bucket + "/o", nil, false, false},
		{"s3:PutObject", bucket + "/o", nil, false, false},
		{"s3:DeleteObject", bucket + "/o", nil, false, false},
		{"s3:DeleteObjectVersion", bucket + "/o", nil, false, false},
	}
}

func operationsAccess(t *testing.T, s infraStack) []access {
	var group, vended string // a function's log group, and the access log
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
