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

// arnOf is the ARN that AWS gives the resource: with its name, or with an id
// that AWS invents.
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

// arn is the ARN of something in the stack's account and region.
func (s infraStack) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + s.region + ":" + s.account + ":" + resource
}

func (s infraStack) iam(resource string) string { return "arn:aws:iam::" + s.account + ":" + resource }

func (s infraStack) gateway(path string) string {
	return "arn:aws:apigateway:" + s.region + "::" + path
}

// tags is the path that the tags have of what is at another one.
func (s infraStack) tags(path string) string {
	return s.gateway("/tags/" + url.QueryEscape(s.gateway(path)))
}

// foreign is the ARN in another stack of the project.
func (s infraStack) foreign(arn string) string {
	return strings.NewReplacer(s.prefix(), s.project+"-other", s.project+"/"+s.stack, s.project+"/other").Replace(arn)
}

// The ARNs and contexts of a call that the provider makes for a resource.
type (
	targets  func(infraStack, declared) []string
	contexts func(infraStack, declared) map[string][]string
)

// itself is the resource's own ARN.
func itself(s infraStack, d declared) []string { return []string{s.arnOf(d)} }

// fixed is the same for every resource of a type, in the account and region.
func fixed(service, resource string) targets {
	return func(s infraStack, _ declared) []string { return []string{s.arn(service, resource)} }
}

// paths are those of API Gateway, in which NAME is the input of that name.
func paths(input string, paths ...string) targets {
	return func(s infraStack, d declared) (arns []string) {
		for _, path := range paths {
			arns = append(arns, s.gateway(strings.ReplaceAll(path, "NAME", d.input(input))))
		}
		return arns
	}
}

// tagsOf is the path of the tags of what is at the path.
func tagsOf(input, path string) targets {
	return func(s infraStack, d declared) []string {
		return []string{s.tags(strings.ReplaceAll(path, "NAME", d.input(input)))}
	}
}

// groups is a log group's ARN as actions on tags have it, and as all others do.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
func groups(s infraStack, d declared) []string {
	return []string{s.arnOf(d), s.arnOf(d) + ":*", s.arnOf(d) + ":log-stream:"}
}

// within is the ARN of the resource that an input refers to.
func within(typ, input string) targets {
	return func(s infraStack, d declared) []string { return []string{s.arnOf(s.named(typ, d.input(input)))} }
}

// inside is the ARN of the resource that an input within another one refers to.
func inside(typ, input string) targets {
	return func(s infraStack, d declared) []string {
		_, rest, _ := strings.Cut(d.text, " "+input+": ")
		arn, _, _ := strings.Cut(rest, "\n")
		return []string{s.arnOf(s.named(typ, arn))}
	}
}

// bucketOf is the ARN of the bucket that the resource is a setting of.
func bucketOf(s infraStack, d declared) []string {
	return []string{s.arnOf(s.named(bucketType, strings.ReplaceAll(d.input("bucket"), " of ", "/")))}
}

// byName is the ARN of the resource whose name in AWS an input has.
func byName(typ, input string) targets {
	return func(s infraStack, d declared) []string {
		return []string{s.arnOf(declared{typ: typ, inputs: map[string][]string{"name": {d.input(input)}}})}
	}
}

// bounded is a call that has the role's boundary with it.
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

// forFunction is a call about a mapping, which has the function's ARN with it.
func forFunction(s infraStack, d declared) map[string][]string {
	return key("lambda:FunctionArn", s.arnOf(s.named(functionType, d.input("functionName"))))
}

// always is the same context for every resource of a type.
func always(name, value string) contexts {
	return func(infraStack, declared) map[string][]string { return key(name, value) }
}

// here is a call with the stack's region, which every call has.
func here(s infraStack, _ declared) map[string][]string { return key("aws:RequestedRegion", s.region) }

// records is a change of the record.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
func records(_ infraStack, d declared) map[string][]string {
	return key("route53:ChangeResourceRecordSetsNormalizedRecordNames", d.input("name"))
}

// certified is a request for the certificate.
// https://docs.aws.amazon.com/acm/latest/userguide/acm-conditions.html
func certified(s infraStack, d declared) map[string][]string {
	return map[string][]string{
		"acm:DomainNames":      append([]string{d.input("domainName")}, d.inputs["subjectAlternativeNames"]...),
		"acm:ValidationMethod": d.inputs["validationMethod"],
		"aws:RequestedRegion":  {s.region},
	}
}
