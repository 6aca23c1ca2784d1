package iam

import (
	"fmt"
	"slices"
	"strings"

	"skiff/local/arn"
)

// An operator compares the values of a condition with that of its key. One
// that is negated holds if none of them compares.
type operator struct {
	compare           func(pattern, value string) bool
	negated, optional bool
}

// operatorOf finds a condition operator. A document that uses another one, or
// a key that conditionKeys lacks, is refused when it is declared: to skip a
// condition would be to grant more than AWS does.
func operatorOf(name string) (operator, bool) {
	var o operator
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
	return o, true
}

func conditionKeys() []string {
	return []string{"aws:RequestedRegion", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn", "aws:SecureTransport"}
}

func (s statement) checkConditions() error {
	for name, keys := range s.Condition {
		if _, ok := operatorOf(name); !ok {
			return fmt.Errorf("the local cloud does not know the condition operator %s", name)
		}
		for key, values := range keys {
			if !slices.ContainsFunc(conditionKeys(), func(k string) bool { return strings.EqualFold(k, key) }) {
				return fmt.Errorf("the local cloud does not know the condition key %s; it knows %s", key, strings.Join(conditionKeys(), ", "))
			}
			for _, value := range values {
				if err := checkVariables(value); err != nil {
					return err
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
	if !present {
		// A negated operator holds for a key that is absent.
		return o.optional || o.negated
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
