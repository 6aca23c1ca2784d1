package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/actions"
	"skiff/lambdas"
)

// place is where a resource of the stack is: what rights on it are rights on,
// and what the functions that have some are told.
type place struct {
	arn       pulumi.StringInput // nil: there is nothing that a right could be on
	variables pulumi.StringMap   // of the environment
}

// places are where everything is that functions may use.
type places map[lambdas.Resource]place

// grants are the function's declared rights, in an order that stays.
func (p places) grants(f lambdas.Function) []grant {
	var grants []grant
	for _, resource := range slices.Sorted(maps.Keys(f.Rights)) {
		if arn := p[resource].arn; arn != nil {
			grants = append(grants, grant{f.Rights[resource], arn.ToStringOutput()})
		}
	}
	return grants
}

// variables tell the function of what it has rights on, and of nothing else.
func (p places) variables(f lambdas.Function) pulumi.StringMap {
	told := pulumi.StringMap{}
	for resource := range f.Rights {
		maps.Copy(told, p[resource].variables)
	}
	return told
}

// checkRights refuses rights on what is no resource, and actions that IAM does
// not know: a policy with a misspelt one is taken, and allows nothing.
func checkRights(f lambdas.Function) error {
	resources := []lambdas.Resource{lambdas.ItemsTable, lambdas.StatusIndex, lambdas.ConnectionsTable, lambdas.EventQueue,
		lambdas.TokenKey, lambdas.CursorKey, lambdas.Connections}
	var errs []error
	for _, resource := range slices.Sorted(maps.Keys(f.Rights)) {
		if !slices.Contains(resources, resource) {
			errs = append(errs, fmt.Errorf("function %s has rights on %q, which is no resource; there are %q", f.Name, resource, resources))
		}
		for _, action := range f.Rights[resource] {
			if err := actions.Check(action); err != nil {
				errs = append(errs, fmt.Errorf("function %s, rights on the %s: %w", f.Name, resource, err))
			}
		}
	}
	return errors.Join(errs...)
}
