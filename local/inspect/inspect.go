// Package inspect shows an open cloud to people, and lets them change it from a
// terminal or the console. It covers functions, log lines, items, messages,
// rights and schedules. AWS has no such API.
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

// Options are the parts of a cloud that an Inspector shows.
type Options struct {
	Stack     string // the served stack, whose names win over the same names of others
	Functions *lambda.Functions
	Groups    *logs.Groups
	Tables    *dynamodb.Tables
	Queues    *sqs.Queues
	APIs      *apigateway.APIs
	Authority *iam.Authority
	UsesFile  string // records what roles used: see iam.ReadUses
	Schedules *scheduler.Scheduler
	Rules     *eventbridge.Rules
	Watched
}

// Inspector shows an open cloud. It is safe for concurrent use.
type Inspector struct{ o Options }

// New returns an Inspector of a cloud.
func New(o Options) *Inspector { return &Inspector{o} }

// Ref is the set of names by which people refer to something.
type Ref struct {
	Name    string // in AWS
	Logical string // in the Pulumi program; "" if no program declares it
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

// pick returns the element that name refers to: its name in AWS, its ARN, or
// its name in the Pulumi program. If several stacks use the name, the served
// stack wins.
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

// NameError reports a name that is unknown or ambiguous. It lists the possible
// names.
type NameError struct{ text string }

func (e *NameError) Error() string { return e.text }
