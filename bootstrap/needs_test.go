package main

import (
	"maps"
	"strings"
)

// need lists actions that the provider performs for a resource: to read it in a
// preview with a refresh, and to create, update and delete it.
type need struct {
	reads, writes []string
	on            targets  // nil: "*", for actions that support no resource
	with          contexts // nil: no context
	shared        bool     // the reads are allowed for all stacks of the project
}

func words(service, names string) []string {
	var actions []string
	for _, name := range strings.Fields(names) {
		actions = append(actions, service+":"+name)
	}
	return actions
}

// needs returns the needs of every resource type of infra, by type. The actions
// come from internal/service of terraform-provider-aws 5.100.
// sts:GetCallerIdentity is omitted, because it needs no permission.
func needs() map[string][]need {
	all := map[string][]need{}
	for _, some := range []map[string][]need{computeNeeds(), roleNeeds(), dataNeeds(), bucketNeeds(), operationsNeeds(), gatewayNeeds(), domainNeeds()} {
		maps.Copy(all, some)
	}
	// The needs of Pulumi itself, for its backend and its secrets.
	all["pulumi"] = []need{{
		reads:  append(words("s3", "GetObject ListBucket"), words("kms", "Decrypt")...),
		writes: append(words("s3", "PutObject DeleteObject"), words("kms", "Encrypt GenerateDataKey")...),
	}}
	return all
}

// local reports whether the type needs nothing from AWS. A command runs on
// Pulumi's machine; components and providers exist only in Pulumi.
func local(typ string) bool { return !strings.HasPrefix(typ, "aws:") }

func computeNeeds() map[string][]need {
	function := byName(functionType, "function")
	return map[string][]need{
		functionType: {
			{reads: words("lambda", "GetFunction GetFunctionCodeSigningConfig ListVersionsByFunction"),
				writes: words("lambda", "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction "+
					"PutFunctionConcurrency DeleteFunctionConcurrency TagResource UntagResource"), on: itself},
			{writes: words("iam", "PassRole"), on: within(roleType, "role"), with: always("iam:PassedToService", "lambda.amazonaws.com")},
		},
		"aws:lambda/permission:Permission": {{reads: words("lambda", "GetPolicy"), writes: words("lambda", "AddPermission RemovePermission"), on: function}},
		mappingType: {
			{reads: words("lambda", "GetEventSourceMapping ListTags"), writes: words("lambda", "TagResource UntagResource"), on: itself},
			{writes: words("lambda", "UpdateEventSourceMapping DeleteEventSourceMapping"), on: itself, with: forFunction},
			{writes: words("lambda", "CreateEventSourceMapping"), with: forFunction},
		},
		scheduleType: {
			{reads: words("scheduler", "GetSchedule"), writes: words("scheduler", "CreateSchedule UpdateSchedule DeleteSchedule"), on: itself},
			{writes: words("iam", "PassRole"), on: inside(roleType, "roleArn"), with: always("iam:PassedToService", "scheduler.amazonaws.com")},
		},
		queueType: {{reads: words("sqs", "GetQueueAttributes ListQueueTags"),
			writes: words("sqs", "CreateQueue SetQueueAttributes DeleteQueue TagQueue UntagQueue"), on: itself}},
		"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": {{reads: words("sqs", "GetQueueAttributes"), writes: words("sqs", "SetQueueAttributes"),
			on: within(queueType, "queueUrl")}},
	}
}

func roleNeeds() map[string][]need {
	role := byName(roleType, "role")
	return map[string][]need{
		roleType: {
			{reads: words("iam", "GetRole ListRolePolicies GetRolePolicy ListAttachedRolePolicies"),
				writes: words("iam", "UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy TagRole UntagRole ListInstanceProfilesForRole DeleteRole"), on: itself},
			{writes: words("iam", "CreateRole PutRolePermissionsBoundary"), on: itself, with: bounded},
		},
		"aws:iam/rolePolicy:RolePolicy": {
			{reads: words("iam", "GetRolePolicy"), on: role},
			{writes: words("iam", "PutRolePolicy DeleteRolePolicy"), on: role, with: bounded},
		},
		// infra declares none. A function that uses a shared policy of another
		// stack has one.
		attachmentType: {
			{reads: words("iam", "ListAttachedRolePolicies"), on: role},
			{writes: words("iam", "AttachRolePolicy DetachRolePolicy"), on: role, with: bounded},
		},
		policyType: {{reads: words("iam", "GetPolicy GetPolicyVersion"),
			writes: words("iam", "CreatePolicy CreatePolicyVersion DeletePolicyVersion ListPolicyVersions DeletePolicy TagPolicy UntagPolicy"), on: itself}},
	}
}

func dataNeeds() map[string][]need {
	return map[string][]need{
		tableType: {{reads: words("dynamodb", "DescribeTable DescribeTimeToLive DescribeContinuousBackups ListTagsOfResource"),
			writes: words("dynamodb", "CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups TagResource UntagResource"), on: itself}},
		secretType: {{reads: words("secretsmanager", "DescribeSecret GetResourcePolicy"),
			writes: words("secretsmanager", "CreateSecret UpdateSecret DeleteSecret TagResource UntagResource"), on: itself}},
		parameterType: {
			{reads: words("ssm", "GetParameter ListTagsForResource"), on: itself, shared: true},
			{writes: words("ssm", "PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource"), on: itself},
			{reads: words("ssm", "DescribeParameters")},
		},
	}
}

// bucketNeeds returns the needs of buckets. The bucket's own type needs a read
// of each setting, because its outputs contain them.
func bucketNeeds() map[string][]need {
	setting := func(read, write string) []need {
		return []need{{reads: words("s3", read), writes: words("s3", write), on: bucketOf}}
	}
	return map[string][]need{
		bucketType: {{reads: words("s3", "ListBucket GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration "+
			"GetBucketPolicy GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration "+
			"GetLifecycleConfiguration GetReplicationConfiguration"),
			writes: words("s3", "CreateBucket PutBucketTagging DeleteBucket"), on: itself}},
		blockType:      setting("GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
		ownerType:      setting("GetBucketOwnershipControls", "PutBucketOwnershipControls"),
		encryptionType: setting("GetEncryptionConfiguration", "PutEncryptionConfiguration"),
		versioningType: setting("GetBucketVersioning", "PutBucketVersioning"),
		lifecycleType:  setting("GetLifecycleConfiguration", "PutLifecycleConfiguration"),
		corsType:       setting("GetBucketCORS", "PutBucketCORS"),
		bucketRuleType: setting("GetBucketPolicy", "PutBucketPolicy DeleteBucketPolicy"),
	}
}

func operationsNeeds() map[string][]need {
	topic := within(topicType, "topic")
	subscription := func(s infraStack, d declared) []string { return []string{topic(s, d)[0] + ":0a1b"} }
	return map[string][]need{
		logGroupType: {
			{reads: words("logs", "ListTagsForResource"), writes: words("logs", "TagResource UntagResource"), on: itself},
			{writes: words("logs", "CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy DeleteLogGroup"), on: groups},
			{reads: words("logs", "DescribeLogGroups")},
		},
		alarmType: {
			{reads: words("cloudwatch", "ListTagsForResource"), writes: words("cloudwatch", "PutMetricAlarm DeleteAlarms TagResource UntagResource"), on: itself},
			{reads: words("cloudwatch", "DescribeAlarms"), on: fixed("cloudwatch", "alarm:*")},
		},
		dashboardType: {{reads: words("cloudwatch", "GetDashboard"), writes: words("cloudwatch", "PutDashboard DeleteDashboards"), on: itself}},
		topicType: {{reads: words("sns", "GetTopicAttributes ListTagsForResource"),
			writes: words("sns", "CreateTopic SetTopicAttributes DeleteTopic TagResource UntagResource"), on: itself}},
		"aws:sns/topicSubscription:TopicSubscription": {
			{writes: words("sns", "Subscribe"), on: topic},
			{reads: words("sns", "GetSubscriptionAttributes"), writes: words("sns", "Unsubscribe"), on: subscription},
		},
	}
}

// gatewayNeeds returns the needs of APIs: verbs on paths.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-create-and-manage-apis.html
func gatewayNeeds() map[string][]need {
	all := map[string][]need{
		"aws:apigatewayv2/api:Api": {
			{writes: words("apigateway", "POST"), on: paths("", "/apis")},
			{reads: words("apigateway", "GET"), writes: words("apigateway", "PATCH DELETE"), on: paths("", "/apis/a1")},
			{writes: words("apigateway", "DELETE"), on: paths("", "/apis/a1/cors")},
			tagged("", "/apis/a1"),
		},
		"aws:apigatewayv2/stage:Stage": {
			{writes: words("apigateway", "POST TagResource"), on: paths("", "/apis/a1/stages")},
			{reads: words("apigateway", "GET"), writes: words("apigateway", "PATCH DELETE"), on: paths("name", "/apis/a1/stages/NAME")},
			{writes: words("apigateway", "DELETE"), on: paths("name", "/apis/a1/stages/NAME/routesettings/r1")},
			tagged("name", "/apis/a1/stages/NAME"),
			{writes: words("logs", // its access log
				"CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries PutResourcePolicy DescribeResourcePolicies"), with: here},
		},
	}
	for typ, path := range map[string]string{"authorizer:Authorizer": "authorizers", "deployment:Deployment": "deployments",
		"integration:Integration": "integrations", "route:Route": "routes"} {
		all["aws:apigatewayv2/"+typ] = []need{
			{writes: words("apigateway", "POST"), on: paths("", "/apis/a1/"+path)},
			{reads: words("apigateway", "GET"), writes: words("apigateway", "PATCH DELETE"), on: paths("", "/apis/a1/"+path+"/x1")},
		}
	}
	return all
}

// tagged returns the needs of tags. AWS does not document whether creating a
// resource with tags needs POST or PUT.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
func tagged(input, path string) need {
	return need{reads: words("apigateway", "GET"), writes: words("apigateway", "POST PUT DELETE"), on: tagsOf(input, path)}
}

// domainNeeds returns the needs of a stack with a domain.
func domainNeeds() map[string][]need {
	zone := func(s infraStack, _ declared) []string { return []string{"arn:aws:route53:::hostedzone/" + s.zone} }
	change := func(infraStack, declared) []string { return []string{"arn:aws:route53:::change/C1"} }
	issued := need{reads: words("acm", "DescribeCertificate"), on: func(s infraStack, _ declared) []string {
		return []string{s.arnOf(declared{typ: certificateType})}
	}}
	role := func(s infraStack, _ declared) []string {
		return []string{s.iam("role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway")}
	}
	return map[string][]need{
		// A destroy keeps the zone, so nothing deletes one. The reads also
		// serve the lookup of an existing zone.
		zoneType: {
			{reads: words("route53", "GetHostedZone ListTagsForResource"), writes: words("route53", "ChangeTagsForResource UpdateHostedZoneComment"), on: zone},
			{reads: words("route53", "ListHostedZones"), writes: words("route53", "CreateHostedZone")},
			{writes: words("route53", "GetChange"), on: change},
		},
		"aws:route53/record:Record": {
			{reads: words("route53", "GetHostedZone ListResourceRecordSets"), on: zone},
			{writes: words("route53", "ChangeResourceRecordSets"), on: zone, with: records},
			{writes: words("route53", "GetChange"), on: change},
		},
		certificateType: {
			{reads: words("acm", "DescribeCertificate ListTagsForCertificate"),
				writes: words("acm", "UpdateCertificateOptions DeleteCertificate AddTagsToCertificate RemoveTagsFromCertificate"), on: itself},
			{writes: words("acm", "RequestCertificate"), with: certified},
		},
		"aws:acm/certificateValidation:CertificateValidation": {issued},
		"aws:apigatewayv2/domainName:DomainName": {
			{writes: words("apigateway", "POST"), on: paths("", "/domainnames")},
			{reads: words("apigateway", "GET"), writes: words("apigateway", "PATCH DELETE"), on: paths("domainName", "/domainnames/NAME")},
			tagged("domainName", "/domainnames/NAME"),
			issued,
			{writes: words("iam", "CreateServiceLinkedRole"), on: role, with: always("iam:AWSServiceName", "ops.apigateway.amazonaws.com")},
		},
		"aws:apigatewayv2/apiMapping:ApiMapping": {
			{writes: words("apigateway", "POST"), on: mappings("apimappings")},
			{reads: words("apigateway", "GET"), writes: words("apigateway", "PATCH DELETE"), on: mappings("apimappings/m1")},
		},
	}
}

// mappings returns the ARN of a path below the mapping's domain name.
func mappings(path string) targets {
	return func(s infraStack, d declared) []string {
		domain := s.named("aws:apigatewayv2/domainName:DomainName", strings.ReplaceAll(d.input("domainName"), " of ", "/"))
		return []string{s.gateway("/domainnames/" + domain.input("domainName") + "/" + path)}
	}
}
