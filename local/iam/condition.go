package iam

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"skiff/local/arn"
)

// An operator compares the values of a condition with that of its key. One
// that is negated holds if none of them compares. A key has one value here, so
// an operator for sets differs where there is none
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
type operator struct {
	compare           func(pattern, value string) bool // nil for Null
	negated, optional bool
	all, some         bool // ForAllValues, ForAnyValue
}

// operatorOf finds a condition operator. A document that uses another one, or
// a key that conditionKeys lacks, is refused when it is declared: to skip a
// condition would be to grant more than AWS does.
func operatorOf(name string) (operator, bool) {
	var o operator
	if name == "Null" {
		return o, true
	}
	name, o.all = strings.CutPrefix(name, "ForAllValues:")
	name, o.some = strings.CutPrefix(name, "ForAnyValue:")
	name, o.optional = strings.CutSuffix(name, "IfExists")
	positive := strings.Replace(name, "Not", "", 1)
	o.negated = positive != name
	switch positive {
	case "StringEquals":
		o.compare = func(p, v string) bool { return p == v }
	case "StringEqualsIgnoreCase":
		o.compare = strings.EqualFold
	case "StringLike":
		o.compare = arn.Match
	case "ArnLike", "ArnEquals":
		o.compare = arn.Like
	case "Bool":
		o.compare = strings.EqualFold
		return o, !o.negated
	default:
		return o, false
	}
	return o, !o.all || !o.some
}

// conditionKeys are those that calls here may have, and those of calls that the
// engine makes on AWS and nobody here: they are absent from all that is decided.
func conditionKeys() []string {
	return []string{
		"aws:RequestedRegion", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn", "aws:SecureTransport",
		"acm:DomainNames", "acm:ValidationMethod", "iam:AWSServiceName", "iam:PassedToService", "iam:PermissionsBoundary", "kms:ViaService",
		"lambda:FunctionArn", "route53:ChangeResourceRecordSetsNormalizedRecordNames",
	}
}

// tokenKey is a claim of a token as a trust policy names it: the issuer without
// its scheme, and the claim
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif).
var tokenKey = regexp.MustCompile(`^[\w-]+(\.[\w-]+)+(/[\w.~-]+)*:(aud|sub)$`)

func knowsKey(key string, of kind) bool {
	return of == trustPolicy && tokenKey.MatchString(key) ||
		slices.ContainsFunc(conditionKeys(), func(k string) bool { return strings.EqualFold(k, key) })
}

func (s statement) checkConditions(of kind) error {
	for name, keys := range s.Condition {
		if _, ok := operatorOf(name); !ok {
			return fmt.Errorf("the local cloud does not know the condition operator %s", name)
		}
		for key, values := range keys {
			if !knowsKey(key, of) {
				return fmt.Errorf("the local cloud does not know the condition key %s; it knows %s", key, strings.Join(conditionKeys(), ", "))
			}
			for _, value := range values {
				if err := checkVariables(value); err != nil {
					return err
				}
				if name == "Null" && value != "true" && value != "false" {
					return fmt.Errorf("Null takes true or false, not %q", value)
				}
			}
		}
	}
	return nil
}

func holds(operator, key string, patterns words, context map[string]string) bool {
	o, known := operatorOf(operator)
	if !known {
		return false
	}
	value, present := lookUp(context, key)
	switch {
	case o.compare == nil: // Null
		return slices.Contains(patterns, strconv.FormatBool(!present))
	case !present && o.some:
		return o.optional
	case !present:
		// A negated operator holds for a key that is absent.
		return o.optional || o.negated || o.all
	}
	for _, p := range patterns {
		if o.compare(p, value) {
			return !o.negated
		}
	}
	return o.negated
}

func lookUp(context map[string]string, key string) (string, bool) {
	for k, v := range context {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}
