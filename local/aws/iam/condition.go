package iam

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"skiff/local/aws/arn"
)

// An operator compares the values in a condition with the values of its key. A
// negated operator holds if a value matches none of the condition's values. A
// set operator says how many of the key's values must match
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
type operator struct {
	compare           func(pattern, value string) bool // nil for Null
	negated, optional bool
	all, some         bool // ForAllValues, ForAnyValue
}

// operatorOf finds a condition operator. A document with any other operator, or
// with a key that conditionKeys lacks, is refused when it is declared: ignoring
// a condition would grant more than AWS does.
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

// conditionKeys returns the keys that calls may have: calls by functions, and
// the AWS calls that the provider makes for programs.
func conditionKeys() []string {
	return []string{
		"aws:RequestedRegion", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn", "aws:SourceOwner", "aws:SecureTransport",
		"acm:DomainNames", "acm:ValidationMethod", "iam:AWSServiceName", "iam:PassedToService", "iam:PermissionsBoundary", "iam:PolicyARN", "kms:ViaService",
		"lambda:FunctionArn", "route53:ChangeResourceRecordSetsNormalizedRecordNames", "s3:prefix",
	}
}

// tokenKey matches a token's claim in a trust policy: the issuer without its
// scheme, and the claim's name
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
					return fmt.Errorf("Null needs true or false, not %q", value)
				}
			}
		}
	}
	return nil
}

func holds(operator, key string, patterns words, context map[string][]string) bool {
	o, known := operatorOf(operator)
	if !known {
		return false
	}
	values := lookUp(context, key)
	if o.all || o.some {
		// Set operators treat an empty string as no value.
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	}
	fits := func(value string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return o.compare(p, value) }) != o.negated
	}
	switch {
	case o.compare == nil: // Null
		return slices.Contains(patterns, strconv.FormatBool(len(values) == 0))
	case len(values) == 0 && o.some:
		return o.optional
	case len(values) == 0:
		// A negated operator holds for a key that is absent.
		return o.optional || o.negated || o.all
	case o.all:
		return !slices.ContainsFunc(values, func(v string) bool { return !fits(v) })
	case o.some:
		return slices.ContainsFunc(values, fits)
	}
	// Several values need a set operator.
	return len(values) == 1 && fits(values[0])
}

// lookUp returns the values of a key, or nil if it is absent.
func lookUp(context map[string][]string, key string) []string {
	for k, values := range context {
		if strings.EqualFold(k, key) {
			return values
		}
	}
	return nil
}
