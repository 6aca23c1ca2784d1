package main

import (
	"fmt"
	"regexp"
	"strings"
)

// failure is a known way in which Pulumi fails: what it prints, and what to do.
// The patterns match the messages of Pulumi v3.250.0. If a message changes,
// explain returns its general error.
type failure struct {
	prints *regexp.Regexp
	means  func(stack string, match []string) string
}

// locked matches what the backend prints when another process holds the stack's
// lock.
var locked = regexp.MustCompile(`the stack is currently locked by[\s\S]*?created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)`)

// holder returns the owner of a lock, in the form of recover's flag -lock.
func holder(match []string) string { return fmt.Sprintf("%s@%s/%s", match[1], match[2], match[3]) }

func failures() []failure {
	return []failure{
		{locked, func(stack string, match []string) string {
			return fmt.Sprintf("%s has been locked by %s since %s, so this job has changed nothing: wait until that process ends, then run this job again; "+
				"if the process is dead, run the job \"recover %[1]s\" with the variable LOCK=%[2]s", stack, holder(match), match[4])
		}},
		{regexp.MustCompile(`AssumeRoleWithWebIdentity`), func(stack string, _ []string) string {
			return fmt.Sprintf("AWS did not give this job its role, so it has changed nothing: bootstrap limits the roles for %s to one GitLab project and to some of its branches; "+
				"compare gitlabProject, deployBranch and previewBranches of its stack", stack)
		}},
		{regexp.MustCompile(`violates plan|not allowed by the plan|no plan for resource|expected resource operations`), func(stack string, _ []string) string {
			return fmt.Sprintf("%s has changed since the preview, or the plan was used before; nothing outside the plan was done: "+
				"run the job \"plan %[1]s\" again, read its changes, then run this job again", stack)
		}},
		{regexp.MustCompile(`ExpiredToken|token has expired|token is expired`), func(stack string, _ []string) string {
			return "the credentials of this job have expired; the state has the changes until then: raise the job's timeout, which limits its token too, and run the job \"plan " + stack + "\" again"
		}},
	}
}

// explain returns the error for a failed Pulumi command. For a known failure,
// the error says what to do.
func explain(stack, command, output string, err error) error {
	for _, f := range failures() {
		if match := f.prints.FindStringSubmatch(output); match != nil {
			return fmt.Errorf("%s", f.means(stack, match))
		}
	}
	if strings.Contains(err.Error(), "executable file not found") {
		return fmt.Errorf("pulumi is not on PATH; install it, or use the image in .gitlab-ci.yml: %w", err)
	}
	return fmt.Errorf("pulumi %s failed; its output above says why: %w", command, err)
}
