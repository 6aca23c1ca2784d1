package main

import (
	"fmt"
	"regexp"
	"strings"
)

// failure is one way in which Pulumi fails in a pipeline: what it prints then,
// and what there is to do. The messages are those of v3.250.0; one that has
// changed since loses the sentence, not the failure.
type failure struct {
	prints *regexp.Regexp
	means  func(stack string, match []string) string
}

// locked is printed by the backend when another process has the stack's lock.
var locked = regexp.MustCompile(`the stack is currently locked by[\s\S]*?created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)`)

// holder is who has a lock, as people name it for the command recover.
func holder(match []string) string { return fmt.Sprintf("%s@%s/%s", match[1], match[2], match[3]) }

func failures() []failure {
	return []failure{
		{locked, func(stack string, match []string) string {
			return fmt.Sprintf("%s is locked by %s since %s, so nothing was changed: wait until that ends and run this job again; "+
				"if it is dead, run the job \"recover %[1]s\" with the variable LOCK=%[2]s", stack, holder(match), match[4])
		}},
		{regexp.MustCompile(`AssumeRoleWithWebIdentity`), func(stack string, _ []string) string {
			return fmt.Sprintf("AWS did not give this job its role, so nothing was changed: the roles of bootstrap are for pipelines "+
				"of one project and of the branches that its stack %s names", stack)
		}},
		{regexp.MustCompile(`violates plan|not allowed by the plan|no plan for resource|expected resource operations`), func(stack string, _ []string) string {
			return fmt.Sprintf("%s is no longer what it was when it was previewed, or the plan was used already; what was not planned was not done: "+
				"run the job \"plan %[1]s\" again, read what it would change now, and run this job again", stack)
		}},
		{regexp.MustCompile(`ExpiredToken|token has expired|token is expired`), func(stack string, _ []string) string {
			return "the credentials of this job have expired: what was done until then is in the state; raise the job's timeout, by which its token lives, and run the job \"plan " + stack + "\" again"
		}},
	}
}

// explain is the error of a command of Pulumi's that failed.
func explain(stack, command, output string, err error) error {
	for _, f := range failures() {
		if match := f.prints.FindStringSubmatch(output); match != nil {
			return fmt.Errorf("%s", f.means(stack, match))
		}
	}
	if strings.Contains(err.Error(), "executable file not found") {
		return fmt.Errorf("there is no pulumi on PATH: install it, or use the image that .gitlab-ci.yml names: %w", err)
	}
	return fmt.Errorf("pulumi %s failed, as it says above: %w", command, err)
}
