package main

import (
	"fmt"
	"strings"

	"skiff/lambdas"
)

// Maximum lengths of the policies of a function, in characters.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxRolePolicy     = 10_240 // all inline policies of a role together
	maxResourcePolicy = 20_480 // all permissions of a function together

	// longARN is longer than any ARN of this stack. It replaces ARNs that are
	// not known yet, so that a preview refuses what an update would.
	longARN = 160

	// statementSize is the length of one permission in a function's policy,
	// without the route.
	statementSize = 350
)

// checkSizes refuses rights and routes whose policies would be too long.
func checkSizes(f lambdas.Function) error {
	grants := []statement{{Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"}}, {Action: traces().actions}}
	for _, resource := range byText(f.Rights) {
		grants = append(grants, statement{Action: f.Rights[resource]})
	}
	for i := range grants {
		grants[i].Effect, grants[i].Resource = "Allow", strings.Repeat("x", longARN)
	}
	text, err := document(grants...)
	if err != nil {
		return err
	}
	if len(text) > maxRolePolicy {
		return fmt.Errorf("function %s: the policy of its role would have %d characters, but IAM accepts at most %d; remove rights, or split the function", f.Name, len(text), maxRolePolicy)
	}
	size := 0
	for _, keys := range [][]string{f.HTTPRoutes(), f.SocketRoutes} {
		if len(keys) > 0 {
			size += statementSize + len(sourcePattern(keys))
		}
	}
	if size > maxResourcePolicy {
		return fmt.Errorf("function %s: its resource policy would have %d characters, but Lambda accepts at most %d; shorten its routes", f.Name, size, maxResourcePolicy)
	}
	return nil
}
