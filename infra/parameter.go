package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// parameter is a parameter of Parameter Store that functions read, with its
// declaration.
type parameter struct {
	lambdas.Parameter
	made *ssm.Parameter
}

// newParameters declares them with their first values. An operator changes a
// value from then on: no update puts the first one back.
func newParameters(s *stack, declared []lambdas.Parameter) (parameters []parameter, err error) {
	for _, d := range declared {
		made, err := ssm.NewParameter(s.ctx, d.Name, &ssm.ParameterArgs{
			Name:        pulumi.String(s.path(d.Name)),
			Type:        pulumi.String("String"),
			Description: pulumi.String(d.Description),
			Value:       pulumi.String(d.Value),
		}, s.in, pulumi.IgnoreChanges([]string{"value"}))
		if err != nil {
			return nil, err
		}
		parameters = append(parameters, parameter{d, made})
	}
	return parameters, nil
}

// places are where the parameter is.
func (p parameter) places() places {
	return places{lambdas.Resource{Parameter: p.Name}: {
		arn: p.made.Arn, variables: pulumi.StringMap{label(p.Name).variable("PARAMETER"): p.made.Name}}}
}

// path is the name of a parameter of the stack.
func (s *stack) path(name string) string {
	return fmt.Sprintf("/%s/%s/%s", s.ctx.Project(), s.ctx.Stack(), name)
}
