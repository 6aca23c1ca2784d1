package main

import (
	"maps"
	"slices"
	"strings"
)

// need is actions that the provider takes for a resource: to read it, which a
// preview with a refresh does, and to create, update and delete it.
type need struct {
	reads, writes []string
	on            targets  // nil: "*", for actions that AWS limits to nothing
	with          contexts // nil: none
	shared        bool     // whether the reads reach what all stacks of the project share
}

func words(service, names string) []string {
	var actions []string
	for _, name := range strings.Fields(names) {
		actions = append(actions, service+":"+name)
	}
	return actions
}

// needs is what every resource type of infra asks for, and of what it is to
// have: the calls that the provider makes, as terraform-provider-aws 5.100 has
// them in internal/service. sts:GetCallerIdentity is not among them, for it
// needs no permission.
func needs() map[string][]need {
	all := map[string][]need{}
	for _, some := range []map[string][]need{computeNeeds(), roleNeeds(), dataNeeds(), operationsNeeds(), gatewayNeeds(), domainNeeds()} {
		maps.Copy(all, some)
	}
	// What Pulumi itself asks for, of its backend and its secrets.
	all["pulumi"] = []need{{
		reads:  append(words("s3", "GetObject ListBucket"), words("kms", "Decrypt")...),
		writes: append(words("s3", "PutObject DeleteObject"), words("kms", "Encrypt GenerateDataKey")...),
	}}
	return all
}

// local is the types that ask nothing of AWS: a command runs where Pulumi runs,
// a component and a provider are in Pulumi alone.
func local(typ string) bool {
	return slices.Contains([]string{"command:local:Command", accountType}, typ) || strings.HasSuffix(typ, ":lambda:Function")
}

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
		// infra has none. A function that takes a policy another stack shares has.
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

// gatewayNeeds are verbs on paths.
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

// tagged is what tags ask for. PUT is how a REST API is tagged; the page on
// policies for tags does not say which of the two a creation with tags asks.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
func tagged(input, path string) need {
	return need{reads: words("apigateway", "GET"), writes: words("apigateway", "POST PUT DELETE"), on: tagsOf(input, path)}
}

// domainNeeds is what only a stack with a domain has.
func domainNeeds() map[string][]need {
	zone := func(infraStack, declared) []string { return []string{"arn:aws:route53:::hostedzone/Z1"} }
	change := func(infraStack, declared) []string { return []string{"arn:aws:route53:::change/C1"} }
	issued := need{reads: words("acm", "DescribeCertificate"), on: func(s infraStack, _ declared) []string {
		return []string{s.arnOf(declared{typ: certificateType})}
	}}
	role := func(s infraStack, _ declared) []string {
		return []string{s.iam("role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway")}
	}
	return map[string][]need{
		// A zone is retained, so that none is ever deleted. The reads are of a zone
		// that is looked up, too.
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

// mappings is a path below the domain name that a mapping is of.
func mappings(path string) targets {
	return func(s infraStack, d declared) []string {
		domain := s.named("aws:apigatewayv2/domainName:DomainName", strings.ReplaceAll(d.input("domainName"), " of ", "/"))
		return []string{s.gateway("/domainnames/" + domain.input("domainName") + "/" + path)}
	}
}
