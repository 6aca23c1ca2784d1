// Package arn makes, parses and matches Amazon Resource Names
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
package arn

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// New returns the ARN of a resource in the commercial partition.
func New(service, region, account, resource string) string {
	return arn.ARN{Partition: "aws", Service: service, Region: region, AccountID: account, Resource: resource}.String()
}

// Parse returns the parts of an ARN, and whether text is one.
func Parse(text string) (parts arn.ARN, ok bool) {
	parts, err := arn.Parse(text)
	return parts, err == nil
}

// Like reports whether value matches a pattern part by part, as the condition
// operator ArnLike does. A * does not match a colon, except in the resource,
// the last part
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN).
func Like(pattern, value string) bool {
	patterns, values := strings.SplitN(pattern, ":", 6), strings.SplitN(value, ":", 6)
	if len(patterns) < 6 || len(values) < 6 {
		return false
	}
	for i := range patterns {
		if !Match(patterns[i], values[i]) {
			return false
		}
	}
	return true
}

// Region returns the region of an ARN, or "" if it has none.
func Region(text string) string {
	parts, _ := Parse(text)
	return parts.Region
}

// WithAccount returns an ARN with another account. It returns any other text
// unchanged.
func WithAccount(text, account string) string {
	parts, ok := Parse(text)
	if !ok {
		return text
	}
	parts.AccountID = account
	return parts.String()
}

// Match reports whether value matches a pattern of a policy, in which * matches
// any characters and ? one. Unlike in a file pattern, * also matches colons and
// slashes.
func Match(pattern, value string) bool {
	// star is the last * in pattern; taken is how much of value it covers so
	// far.
	star, taken := -1, 0
	p, v := 0, 0
	for v < len(value) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, v
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == value[v]):
			p++
			v++
		case star >= 0:
			taken++
			p, v = star+1, taken
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
