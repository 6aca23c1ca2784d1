// Package arn makes and matches Amazon Resource Names
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
package arn

import "strings"

// New is the ARN of a resource in the commercial partition.
func New(service, region, account, resource string) string {
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + resource
}

// Like tells whether value fits a pattern part by part, as the condition
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
func Region(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[3]
}

// WithAccount is an ARN with another account.
func WithAccount(arn, account string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	parts[4] = account
	return strings.Join(parts, ":")
}

// Match tells whether value fits a pattern in which * stands for any
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
