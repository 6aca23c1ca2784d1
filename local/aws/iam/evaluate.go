package iam

import (
	"fmt"
	"strings"

	"skiff/local/aws/arn"
)

// Request is a call as the policies see it.
type Request struct {
	Action   string              // such as dynamodb:PutItem
	Resource string              // an ARN, or * for an action without a resource
	Context  map[string][]string // condition keys and their values
	Owner    string              // account of the resource, if its ARN has none

	// Policy is the resource's policy, from ParseResource, or nil if the
	// service has none. An empty policy allows only callers of the resource's
	// account.
	Policy *Document
}

// Decision is the result of identity-based policies for a request within one
// account
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
type Decision int

// A request is denied if no statement allows it. An explicit Deny wins over
// every Allow.
const (
	ImplicitDeny Decision = iota
	Allow
	ExplicitDeny
)

// Evaluate decides a request by identity-based policies.
func Evaluate(policies []*Document, r Request) Decision {
	decision := ImplicitDeny
	for _, d := range policies {
		for _, s := range d.Statement {
			if !s.applies(r) {
				continue
			}
			if s.Effect == "Deny" {
				return ExplicitDeny
			}
			decision = Allow
		}
	}
	return decision
}

func (s statement) applies(r Request) bool {
	if len(s.Action) > 0 && !matchesAction(s.Action, r.Action) {
		return false
	}
	if len(s.NotAction) > 0 && matchesAction(s.NotAction, r.Action) {
		return false
	}
	if len(s.Resource) > 0 && !matches(s.Resource, r.Resource) {
		return false
	}
	if len(s.NotResource) > 0 && matches(s.NotResource, r.Resource) {
		return false
	}
	for operator, keys := range s.Condition {
		for key, patterns := range keys {
			if !holds(operator, key, patterns, r.Context) {
				return false
			}
		}
	}
	return true
}

// matchesAction ignores case, as IAM does for actions.
func matchesAction(patterns words, action string) bool {
	for _, p := range patterns {
		if arn.Match(strings.ToLower(p), strings.ToLower(action)) {
			return true
		}
	}
	return false
}

func matches(patterns words, value string) bool {
	for _, p := range patterns {
		if arn.Match(p, value) {
			return true
		}
	}
	return false
}

// PolicyKind is a kind of policy, as AWS's error messages name it.
type PolicyKind string

// The kinds of policies.
const (
	IdentityBased       PolicyKind = "identity-based policy"
	ResourceBased       PolicyKind = "resource-based policy"
	PermissionsBoundary PolicyKind = "permissions boundary"
)

// Denied is the error for a call that no policy allows. Its text follows
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
type Denied struct {
	Caller   string // ARN
	Request  Request
	Explicit bool
	By       PolicyKind // the kind of policy that decided
}

func (d *Denied) Error() string {
	why := fmt.Sprintf("because no %s allows the %s action", d.By, d.Request.Action)
	if d.Explicit {
		why = fmt.Sprintf("with an explicit deny in %s %s", article(d.By), d.By)
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", d.Caller, d.Request.Action, d.Request.Resource, why)
}

func article(kind PolicyKind) string {
	if kind == IdentityBased {
		return "an"
	}
	return "a"
}
