package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"skiff/local/arn"
)

// Document is a policy document in the grammar of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
type Document struct {
	Version   string
	Statement statements
}

type statement struct {
	Sid          string
	Effect       string
	Principal    json.RawMessage
	Action       words
	NotAction    words
	Resource     words
	NotResource  words
	Condition    map[string]map[string]words
	NotPrincipal json.RawMessage
}

// words is one string or a list of them.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	var one any
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	switch v := one.(type) {
	case string:
		*w = words{v}
	case bool:
		*w = words{fmt.Sprint(v)}
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return fmt.Errorf("%v is not a string", e)
			}
			*w = append(*w, s)
		}
	default:
		return fmt.Errorf("%v is neither a string nor a list of strings", one)
	}
	return nil
}

// statements is one statement or a list of them.
type statements []statement

func (s *statements) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return json.Unmarshal(data, (*[]statement)(s))
	}
	*s = make(statements, 1)
	return json.Unmarshal(data, &(*s)[0])
}

// The condition operators and keys that are evaluated. A document that uses
// another one is refused when it is declared: to skip a condition would be to
// grant more than AWS does.
var (
	operators = map[string]func(pattern, value string) bool{
		"StringEquals":           func(p, v string) bool { return p == v },
		"StringNotEquals":        func(p, v string) bool { return p != v },
		"StringEqualsIgnoreCase": strings.EqualFold,
		"StringLike":             arn.Match,
		"ArnLike":                arn.Match,
		"ArnEquals":              arn.Match,
		"Bool":                   strings.EqualFold,
	}
	conditionKeys = []string{"aws:RequestedRegion", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn", "aws:SecureTransport"}
)

// Parse reads a policy document and says what AWS, or this evaluator, would
// not take in it. A trust policy has principals and no resources; a policy of
// a role is the other way round.
func Parse(text string, trust bool) (*Document, error) {
	var d Document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("MalformedPolicyDocument: %w", err)
	}
	if d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return nil, fmt.Errorf("MalformedPolicyDocument: Version must be 2012-10-17, not %q", d.Version)
	}
	if len(d.Statement) == 0 {
		return nil, fmt.Errorf("MalformedPolicyDocument: there is no Statement")
	}
	for i, s := range d.Statement {
		if err := s.check(trust); err != nil {
			return nil, fmt.Errorf("MalformedPolicyDocument: statement %d: %w", i+1, err)
		}
	}
	return &d, nil
}

func (s statement) check(trust bool) error {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Errorf("Effect must be Allow or Deny, not %q", s.Effect)
	case len(s.Action) == 0 && len(s.NotAction) == 0:
		return fmt.Errorf("there is no Action")
	case trust && s.Principal == nil && s.NotPrincipal == nil:
		return fmt.Errorf("a trust policy needs a Principal")
	case trust && (len(s.Resource) > 0 || len(s.NotResource) > 0):
		return fmt.Errorf("a trust policy has no Resource")
	case !trust && (s.Principal != nil || s.NotPrincipal != nil):
		return fmt.Errorf("a policy of a role has no Principal")
	case !trust && len(s.Resource) == 0 && len(s.NotResource) == 0:
		return fmt.Errorf("there is no Resource")
	}
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		if service, name, ok := strings.Cut(action, ":"); action != "*" && (!ok || service == "" || name == "") {
			return fmt.Errorf("action %q is not of the form service:Name", action)
		}
	}
	for _, resource := range slices.Concat(s.Resource, s.NotResource) {
		if resource != "*" && strings.Count(resource, ":") < 5 {
			return fmt.Errorf("resource %q is not an ARN", resource)
		}
	}
	return s.checkConditions()
}

func (s statement) checkConditions() error {
	for operator, keys := range s.Condition {
		if operators[strings.TrimSuffix(operator, "IfExists")] == nil {
			return fmt.Errorf("the local cloud does not know the condition operator %s", operator)
		}
		for key := range keys {
			if !slices.ContainsFunc(conditionKeys, func(k string) bool { return strings.EqualFold(k, key) }) {
				return fmt.Errorf("the local cloud does not know the condition key %s", key)
			}
		}
	}
	return nil
}
