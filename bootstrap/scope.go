package main

import "strings"

// scope names the stack's resources as policies do: by the prefix that Pulumi's
// autonaming gives them, and by ARN. AWS itself has no notion of a stack.
type scope struct {
	config
	boundary string // ARN
	bucket   string // ARN of the state bucket
	key      string // ARN of the key for state and secrets
}

// bootstrapPath is the path of the roles and policies declared here. What is
// deployed has none, so that one rule keeps the two apart.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
const bootstrapPath = "/bootstrap/"

// named is the ARNs of one kind of the stack's resources: kind is what stands
// before the name, such as "function:".
func (s scope) named(service, kind string) string {
	return s.arn(service, kind+s.prefix()+"-*")
}

// itself is PROJECT-STACK alone, as names have it that infra fixes: a pattern
// where there is a stack for each merge request. Unlike the names that Pulumi
// gives, these are not those of a stack with the same beginning.
func (s scope) itself() string { return strings.ReplaceAll(s.stack(), "/", "-") }

// arn is the ARN of something in the account and region.
func (s scope) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + s.Region + ":" + s.Account + ":" + resource
}

// iam is the ARN of something in IAM, which has no regions.
func (s scope) iam(resource string) string { return "arn:aws:iam::" + s.Account + ":" + resource }

// gateway is the ARN of a path of API Gateway's own API, which has no accounts.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
func (s scope) gateway(path string) string { return "arn:aws:apigateway:" + s.Region + "::" + path }

// zones is the ARNs of the hosted zones that the stack may use.
func (s scope) zones() []string {
	var arns []string
	for _, id := range s.HostedZones {
		arns = append(arns, "arn:aws:route53:::hostedzone/"+id)
	}
	return arns
}

// domains is patterns for the stack's domains and the names below them.
func (s scope) domains() []string {
	var names []string
	for _, name := range s.Domains {
		names = append(names, name, "*."+name)
	}
	return names
}

// roles is the ARNs of the roles that the stack makes for its functions.
func (s scope) roles() []string { return []string{s.iam("role/" + s.prefix() + "-*")} }

// anything is the resource of actions that AWS limits to none.
func anything() []string { return []string{"*"} }
