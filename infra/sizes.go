package main

import (
	"fmt"
	"strings"

	"skiff/lambdas"
)

// Limits of what a function is made of, in characters.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxName           = 64     // of a function or role
	maxRolePolicy     = 10_240 // all inline policies of a role together
	maxResourcePolicy = 20_480 // all permissions of a function together

	// suffix is what Pulumi adds to a name, pulumi:autonaming in Pulumi.yaml.
	suffix = len("-0123456")

	// longARN is more than any ARN of this stack has: it stands for one that is
	// not known yet, so that a preview refuses what an update would.
	longARN = 160

	// statementSize is what a permission adds to a function's policy, besides the
	// route.
	statementSize = 350
)

// checkLength refuses a name that AWS would find too long once project and stack
// stand before it.
func checkLength(project, stack, function string) error {
	if n := len(project) + 1 + len(stack) + 1 + len(function) + suffix; n > maxName {
		return fmt.Errorf("function %s: its name in AWS, %s-%s-%s and %d more, would have %d characters, and Lambda takes %d; shorten it, or the stack's name",
			function, project, stack, function, suffix, n, maxName)
	}
	return nil
}

// checkSizes refuses rights and routes that make a policy too long.
func checkSizes(f lambdas.Function) error {
	grants := []statement{{Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"}}, {Action: traces().actions}}
	for _, actions := range f.Rights {
		grants = append(grants, statement{Action: actions})
	}
	for i := range grants {
		grants[i].Resource = strings.Repeat("x", longARN)
	}
	text, err := document(grants...)
	if err != nil {
		return err
	}
	if len(text) > maxRolePolicy {
		return fmt.Errorf("function %s: the policy of its role would have %d characters, and IAM takes %d; give it fewer rights, or split it", f.Name, len(text), maxRolePolicy)
	}
	size := 0
	for _, keys := range [][]string{append(append([]string(nil), f.Routes...), f.PublicRoutes...), f.SocketRoutes} {
		if len(keys) > 0 {
			size += statementSize + len(sourcePattern(keys))
		}
	}
	if size > maxResourcePolicy {
		return fmt.Errorf("function %s: the policy of who may call it would have %d characters, and Lambda takes %d; shorten its routes", f.Name, size, maxResourcePolicy)
	}
	return nil
}
