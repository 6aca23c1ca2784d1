// Package arn makes, parses and matches Amazon Resource Names
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
package arn

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// New is the ARN of a resource in the commercial partition.
func New(service, region, account, resource string) string {
	return arn.ARN{Partition: "aws", Service: service, Region: region, AccountID: account, Resource: resource}.String()
}

// Parse returns the parts of an ARN, and whether text is one.
func Parse(text string) (parts arn.ARN, ok bool) {
	parts, err := arn.Parse(text)
	return parts, err == nil
}

// Like reports whether value fits a pattern part by part, as the condition
// operator ArnLike does: no * spans a colon but in the resource, which comes
// last
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

// Region is the region part of an ARN, "" where it has none.
func Region(text string) string {
	parts, _ := Parse(text)
	return parts.Region
}

// WithAccount is an ARN with another account; what is no ARN stays as it is.
func WithAccount(text, account string) string {
	parts, ok := Parse(text)
	if !ok {
		return text
	}
	parts.AccountID = account
	return parts.String()
}

// Match reports whether value fits a pattern in which * stands for any
// characters and ? for one, as in policies. Unlike a file pattern, * also
// spans colons and slashes.
func Match(pattern, value string) bool {
	// Where a star was met, and what of value it has taken so far.
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
