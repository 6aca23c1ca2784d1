// Package arn makes and matches Amazon Resource Names
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
package arn

import "strings"

// New is the ARN of a resource in the commercial partition.
func New(service, region, account, resource string) string {
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + resource
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
