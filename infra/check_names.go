package main

import (
	"errors"
	"fmt"
	"regexp"

	"skiff/lambdas"
)

// Maximum lengths of names in AWS.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const (
	maxName       = 64 // of a function or role
	maxQueueName  = 80
	maxBucketName = 63

	// suffix is the length of what pulumi:autonaming in Pulumi.yaml appends to
	// a name.
	suffix = len("-0123456")
)

// entryName matches names in the declaration. It leaves room for the project
// and the stack in the name in AWS.
var entryName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// entry is a named part of the declaration.
type entry struct {
	kind, name string
	longest    string // the longest logical name of its resources
	most       int    // the maximum length of that name in AWS
}

// checkNames refuses names that AWS does not accept, and duplicate names.
func checkNames(project, stack string, service lambdas.Service) error {
	var errs []error
	seen := map[string]string{}
	for _, e := range entries(service) {
		if !entryName.MatchString(e.name) {
			errs = append(errs, fmt.Errorf("%s %q: a name must have 1 to 32 of a-z 0-9 - and begin with a letter", e.kind, e.name))
			continue
		}
		if n := len(project) + 1 + len(stack) + 1 + len(e.longest) + suffix; n > e.most {
			errs = append(errs, fmt.Errorf("%s %s: its name in AWS, %s-%s-%s and %d more, would have %d characters, but AWS accepts at most %d; shorten it, or the stack's name",
				e.kind, e.name, project, stack, e.longest, suffix, n, e.most))
		}
		if key := e.kind + " " + e.longest; seen[key] != "" {
			errs = append(errs, fmt.Errorf("%s %s is declared twice", e.kind, e.name))
		} else {
			seen[key] = e.name
		}
	}
	return errors.Join(append(errs, checkVariables(service), checkDead(service))...)
}

// entries returns all named parts of the declaration.
func entries(service lambdas.Service) (all []entry) {
	const plenty = 255
	for _, f := range service.Functions {
		e := entry{"function", f.Name, f.Name, maxName}
		if f.Schedule != "" {
			e.longest += "-schedule" // the role of the schedule
		}
		all = append(all, e)
	}
	for _, t := range service.Tables {
		all = append(all, entry{"table", t.Name, t.Name, plenty})
	}
	for _, q := range service.Queues {
		all = append(all, entry{"queue", q.Name, deadName(q.Name), maxQueueName})
	}
	for _, x := range service.Secrets {
		all = append(all, entry{"secret", x.Name, x.Name, plenty})
	}
	for _, b := range service.Buckets {
		all = append(all, entry{"bucket", b.Name, b.Name, maxBucketName})
	}
	for _, p := range service.Parameters {
		all = append(all, entry{"parameter", p.Name, p.Name, plenty})
	}
	return all
}

// checkVariables refuses two entries whose environment variables would have the
// same name.
func checkVariables(service lambdas.Service) error {
	var errs []error
	owner := map[string]string{}
	claim := func(variable, by string) {
		if owner[variable] != "" {
			errs = append(errs, fmt.Errorf("the %s and the %s would share the environment variable %s; give one another label or name", owner[variable], by, variable))
		}
		owner[variable] = by
	}
	for _, t := range service.Tables {
		claim(tableLabel(t).variable("NAME"), "table "+t.Name)
	}
	for _, q := range service.Queues {
		claim(queueLabel(q).variable("URL"), "queue "+q.Name)
	}
	for _, x := range service.Secrets {
		claim(label(x.Name).variable("SECRET"), "secret "+x.Name)
	}
	for _, b := range service.Buckets {
		claim(bucketLabel(b).variable("NAME"), "bucket "+b.Name)
	}
	for _, p := range service.Parameters {
		claim(label(p.Name).variable("PARAMETER"), "parameter "+p.Name)
	}
	return errors.Join(errs...)
}

// checkDead refuses two queues with the same name, if one is the dead-letter
// queue of a function.
func checkDead(service lambdas.Service) error {
	var errs []error
	owner := map[string]string{}
	for _, q := range service.Queues {
		owner[q.Name], owner[deadName(q.Name)] = "queue "+q.Name, "queue "+q.Name
	}
	for _, f := range service.Functions {
		if f.Follows != "" && owner[deadName(f.Name)] != "" {
			errs = append(errs, fmt.Errorf("the function %s and the %s would both create the queue %s; rename one", f.Name, owner[deadName(f.Name)], deadName(f.Name)))
		}
	}
	return errors.Join(errs...)
}
