// Package inspect is what people see of an open cloud, and what they do to it
// from a terminal or the console: functions, log lines, items, messages, rights
// and schedules. Nothing of it is part of AWS.
package inspect

import (
	"fmt"
	"slices"
	"strings"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/eventbridge"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
	"skiff/local/aws/scheduler"
	"skiff/local/aws/sqs"
	"skiff/local/engine/provider"
)

// Options are the parts of a cloud that people see.
type Options struct {
	Stack     string // that is served: its names go first where several stacks have one
	Functions *lambda.Functions
	Groups    *logs.Groups
	Tables    *dynamodb.Tables
	Queues    *sqs.Queues
	APIs      *apigateway.APIs
	Authority *iam.Authority
	UsesFile  string // of what roles were used for: see iam.ReadUses
	Schedules *scheduler.Scheduler
	Rules     *eventbridge.Rules
	Watched
}

// Inspector shows an open cloud. It is safe for concurrent use.
type Inspector struct{ o Options }

// New shows the parts of a cloud.
func New(o Options) *Inspector { return &Inspector{o} }

// Ref is how something is named.
type Ref struct {
	Name    string // in AWS
	Logical string // in the Pulumi program; "" for what no program declares
	Stack   string // of the program
	ARN     string
}

func newRef(name, arn, urn string) Ref {
	r := Ref{Name: name, ARN: arn}
	if urn != "" {
		// https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
		r.Logical, r.Stack = urn[strings.LastIndex(urn, "::")+2:], provider.StackOf(urn)
	}
	return r
}

func (r Ref) ref() Ref { return r }

// pick is the one of a kind that a person names: by its name in AWS, by its ARN, or
// by the name in the Pulumi program. Stacks may give theirs the same one: then that
// of the stack that is served counts.
func pick[T interface{ ref() Ref }](kind, name, served string, all []T) (T, error) {
	var found, here []T
	var names, matches []string
	for _, x := range all {
		r := x.ref()
		if r.Name == name || r.ARN == name {
			return x, nil
		}
		names = append(names, r.Name)
		if r.Logical == name && name != "" {
			found, matches = append(found, x), append(matches, r.Name)
			if r.Stack == served {
				here = append(here, x)
			}
		}
	}
	slices.Sort(names)
	var none T
	switch {
	case len(here) == 1:
		return here[0], nil
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return none, &NameError{fmt.Sprintf("%s is the name of several %ss; name one of %s", name, kind, strings.Join(matches, ", "))}
	case len(all) == 0:
		return none, &NameError{fmt.Sprintf("there is no %s %s, nor any other", kind, name)}
	}
	return none, &NameError{fmt.Sprintf("there is no %s %s; there are %s", kind, name, strings.Join(names, ", "))}
}

// NameError is returned for a name that nothing has, or several things. It lists the
// names that there are.
type NameError struct{ text string }

func (e *NameError) Error() string { return e.text }
