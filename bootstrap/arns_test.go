package main

import (
	"net/url"
	"strings"
)

const (
	scheduleType    = "aws:scheduler/schedule:Schedule"
	functionType    = "aws:lambda/function:Function"
	mappingType     = "aws:lambda/eventSourceMapping:EventSourceMapping"
	queueType       = "aws:sqs/queue:Queue"
	tableType       = "aws:dynamodb/table:Table"
	secretType      = "aws:secretsmanager/secret:Secret"
	parameterType   = "aws:ssm/parameter:Parameter"
	logGroupType    = "aws:cloudwatch/logGroup:LogGroup"
	alarmType       = "aws:cloudwatch/metricAlarm:MetricAlarm"
	dashboardType   = "aws:cloudwatch/dashboard:Dashboard"
	topicType       = "aws:sns/topic:Topic"
	certificateType = "aws:acm/certificate:Certificate"
	zoneType        = "aws:route53/zone:Zone"
)

// arnOf returns the ARN of the resource in AWS. If it contains an id that AWS
// generates, arnOf invents the id.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func (s infraStack) arnOf(d declared) string {
	name := s.nameOf(d)
	switch d.typ {
	case functionType:
		return s.arn("lambda", "function:"+name)
	case mappingType:
		return s.arn("lambda", "event-source-mapping:1b2c")
	case scheduleType:
		return s.arn("scheduler", "schedule/default/"+name)
	case bucketType:
		return "arn:aws:s3:::" + name
	case roleType:
		return s.iam("role/" + name)
	case policyType:
		return s.iam("policy/" + name)
	case queueType:
		return s.arn("sqs", name)
	case tableType:
		return s.arn("dynamodb", "table/"+name)
	case secretType:
		return s.arn("secretsmanager", "secret:"+name+"-AbCdEf")
	case parameterType:
		return s.arn("ssm", "parameter"+name) // the name begins with a slash
	case logGroupType:
		return s.arn("logs", "log-group:"+name)
	case alarmType:
		return s.arn("cloudwatch", "alarm:"+name)
	case dashboardType:
		return "arn:aws:cloudwatch::" + s.account + ":dashboard/" + name
	case topicType:
		return s.arn("sns", name)
	case certificateType:
		return s.arn("acm", "certificate/0c1d")
	}
	return ""
}

// arn returns the ARN of a resource in the stack's account and region.
func (s infraStack) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + s.region + ":" + s.account + ":" + resource
}

func (s infraStack) iam(resource string) string { return "arn:aws:iam::" + s.account + ":" + resource }

func (s infraStack) gateway(path string) string {
	return "arn:aws:apigateway:" + s.region + "::" + path
}

// tags returns the ARN of the tags of the resource at a path.
func (s infraStack) tags(path string) string {
	return s.gateway("/tags/" + url.QueryEscape(s.gateway(path)))
}

// foreign returns the same ARN in another stack of the project.
func (s infraStack) foreign(arn string) string {
	return strings.NewReplacer(s.prefix(), s.project+"-other", s.project+"/"+s.stack, s.project+"/other").Replace(arn)
}

// Functions that return the ARNs and the context of a call for a resource.
type (
	targets  func(infraStack, declared) []string
	contexts func(infraStack, declared) map[string][]string
)

// itself returns the resource's own ARN.
func itself(s infraStack, d declared) []string { return []string{s.arnOf(d)} }

// fixed returns the same ARN for every resource of a type.
func fixed(service, resource string) targets {
	return func(s infraStack, _ declared) []string { return []string{s.arn(service, resource)} }
}

// paths returns the ARNs of paths in API Gateway. NAME in a path is the value
// of the input.
func paths(input string, paths ...string) targets {
	return func(s infraStack, d declared) (arns []string) {
		for _, path := range paths {
			arns = append(arns, s.gateway(strings.ReplaceAll(path, "NAME", d.input(input))))
		}
		return arns
	}
}

// tagsOf returns the ARN of the tags of the resource at the path.
func tagsOf(input, path string) targets {
	return func(s infraStack, d declared) []string {
		return []string{s.tags(strings.ReplaceAll(path, "NAME", d.input(input)))}
	}
}

// groups returns a log group's ARN in the forms for actions on tags and for
// other actions.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
func groups(s infraStack, d declared) []string {
	return []string{s.arnOf(d), s.arnOf(d) + ":*", s.arnOf(d) + ":log-stream:"}
}

// within returns the ARN of the resource that an input refers to.
func within(typ, input string) targets {
	return func(s infraStack, d declared) []string { return []string{s.arnOf(s.named(typ, d.input(input)))} }
}

// inside returns the ARN of the resource that a nested input refers to.
func inside(typ, input string) targets {
	return func(s infraStack, d declared) []string {
		_, rest, _ := strings.Cut(d.text, " "+input+": ")
		arn, _, _ := strings.Cut(rest, "\n")
		return []string{s.arnOf(s.named(typ, arn))}
	}
}

// bucketOf returns the ARN of the bucket that a setting belongs to.
func bucketOf(s infraStack, d declared) []string {
	return []string{s.arnOf(s.named(bucketType, strings.ReplaceAll(d.input("bucket"), " of ", "/")))}
}

// byName returns the ARN of the resource whose name in AWS is in an input.
func byName(typ, input string) targets {
	return func(s infraStack, d declared) []string {
		return []string{s.arnOf(declared{typ: typ, inputs: map[string][]string{"name": {d.input(input)}}})}
	}
}

// bounded returns a context with the role's boundary.
func bounded(s infraStack, d declared) map[string][]string {
	role := d.input("role")
	if d.typ == roleType {
		role = s.nameOf(d)
	}
	if boundary := s.boundary(role); boundary != "" {
		return key("iam:PermissionsBoundary", boundary)
	}
	return nil
}

// forFunction returns the context of a call for a mapping: the function's ARN.
func forFunction(s infraStack, d declared) map[string][]string {
	return key("lambda:FunctionArn", s.arnOf(s.named(functionType, d.input("functionName"))))
}

// always returns the same context for every resource of a type.
func always(name, value string) contexts {
	return func(infraStack, declared) map[string][]string { return key(name, value) }
}

// here returns a context with the stack's region, which every call has.
func here(s infraStack, _ declared) map[string][]string { return key("aws:RequestedRegion", s.region) }

// records returns the context of a change of the record.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
func records(_ infraStack, d declared) map[string][]string {
	return key("route53:ChangeResourceRecordSetsNormalizedRecordNames", d.input("name"))
}

// certified returns the context of a request for the certificate.
// https://docs.aws.amazon.com/acm/latest/userguide/acm-conditions.html
func certified(s infraStack, d declared) map[string][]string {
	return map[string][]string{
		"acm:DomainNames":      append([]string{d.input("domainName")}, d.inputs["subjectAlternativeNames"]...),
		"acm:ValidationMethod": d.inputs["validationMethod"],
		"aws:RequestedRegion":  {s.region},
	}
}
