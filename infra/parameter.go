package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// parameter is a Parameter Store parameter that functions read, with its
// declaration.
type parameter struct {
	lambdas.Parameter
	made *ssm.Parameter
}

// newParameters declares the parameters with their first values. An operator
// may change a value later: updates ignore it.
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

// places returns the place of the parameter. Functions get its name.
func (p parameter) places() places {
	return places{lambdas.Resource{Parameter: p.Name}: {
		arn: p.made.Arn, variables: pulumi.StringMap{label(p.Name).variable("PARAMETER"): p.made.Name}}}
}

// path returns the full name of a parameter: /PROJECT/STACK/NAME.
func (s *stack) path(name string) string {
	return fmt.Sprintf("/%s/%s/%s", s.ctx.Project(), s.ctx.Stack(), name)
}
