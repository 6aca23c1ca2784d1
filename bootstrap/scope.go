package main

import "strings"

// scope returns the ARNs of the stack's resources for policies. AWS does not
// know stacks, so most ARNs contain the prefix that Pulumi's autonaming adds to
// the names.
type scope struct {
	config
	boundary string // ARN
	bucket   string // ARN of the state bucket
	key      string // ARN of the key for state and secrets
}

// bootstrapPath is the path of the roles and policies that bootstrap declares.
// What GitLab deploys has no path, so one rule separates the two.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
const bootstrapPath = "/bootstrap/"

// named returns the ARN pattern of the stack's resources of one kind. Kind is
// the text before the name, such as "function:".
func (s scope) named(service, kind string) string {
	return s.arn(service, kind+s.prefix()+"-*")
}

// fixedName returns PROJECT-STACK, which begins the names that infra fixes
// itself. If GitLab deploys a stack for each merge request, it is a pattern.
// Unlike a prefix, it does not match a stack with a longer name, such as
// staging-2 for staging.
func (s scope) fixedName() string { return strings.ReplaceAll(s.stack(), "/", "-") }

// arn returns the ARN of a resource in the account and region.
func (s scope) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + s.Region + ":" + s.Account + ":" + resource
}

// iam returns the ARN of a resource in IAM, which has no region.
func (s scope) iam(resource string) string { return "arn:aws:iam::" + s.Account + ":" + resource }

// gateway returns the ARN of a path in the API of API Gateway, which has no
// account.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
func (s scope) gateway(path string) string { return "arn:aws:apigateway:" + s.Region + "::" + path }

// zones returns the ARNs of the hosted zones that the stack may use.
func (s scope) zones() []string {
	var arns []string
	for _, id := range s.HostedZones {
		arns = append(arns, "arn:aws:route53:::hostedzone/"+id)
	}
	return arns
}

// domains returns patterns for the stack's domains and all names below them.
func (s scope) domains() []string {
	var names []string
	for _, name := range s.Domains {
		names = append(names, name, "*."+name)
	}
	return names
}

// roles returns the ARN pattern of the roles that the stack creates for its
// functions.
func (s scope) roles() []string { return []string{s.iam("role/" + s.prefix() + "-*")} }

// anything returns the resource of actions that support no single resource.
func anything() []string { return []string{"*"} }
