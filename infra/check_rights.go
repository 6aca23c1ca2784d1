package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"skiff/infra/actions"
	"skiff/lambdas"
)

// checkRights refuses rights on undeclared resources, unknown actions, and
// actions of another service. IAM accepts a policy with such an action and
// ignores the action.
func checkRights(service lambdas.Service, attached bool) error {
	known := resources(service, attached)
	var errs []error
	for _, f := range service.Functions {
		for _, resource := range byText(f.Rights) {
			kind, ok := known[resource]
			if !ok {
				errs = append(errs, fmt.Errorf("function %s has rights on the %s, which is not declared; declared are %s",
					f.Name, resource, strings.Join(resourceTexts(known), ", ")))
				continue
			}
			if len(f.Rights[resource]) == 0 {
				errs = append(errs, fmt.Errorf("function %s has rights on the %s without an action; add one, or remove the entry", f.Name, resource))
			}
			for i, action := range f.Rights[resource] {
				errs = append(errs, checkAction(f.Name, resource, kind, action, slices.Contains(f.Rights[resource][:i], action)))
			}
		}
	}
	return errors.Join(errs...)
}

func checkAction(function string, resource lambdas.Resource, service, action string, twice bool) error {
	if twice {
		return fmt.Errorf("function %s, rights on the %s: %s is listed twice", function, resource, action)
	}
	if err := actions.Check(action); err != nil {
		return fmt.Errorf("function %s, rights on the %s: %w", function, resource, err)
	}
	if !strings.HasPrefix(action, service+":") {
		return fmt.Errorf("function %s, rights on the %s: %s is not an action on it; its actions begin with %s:", function, resource, action, service)
	}
	return nil
}

// resources returns all resources that functions may have rights on, each with
// the service prefix of its actions.
func resources(service lambdas.Service, attached bool) map[lambdas.Resource]string {
	all := map[lambdas.Resource]string{}
	sockets := attached || hasSockets(service.Functions)
	if sockets {
		all[lambdas.Resource{Clients: true}] = "execute-api"
	}
	for _, t := range service.Tables {
		if t.Sockets && !sockets {
			continue
		}
		all[lambdas.Resource{Table: t.Name}] = "dynamodb"
		for _, index := range t.Indexes {
			all[lambdas.Resource{Table: t.Name, Index: index.Name}] = "dynamodb"
		}
		if t.Stream != "" {
			all[lambdas.Resource{Stream: t.Name}] = "dynamodb"
		}
	}
	for _, q := range service.Queues {
		all[lambdas.Resource{Queue: q.Name}] = "sqs"
	}
	for _, x := range service.Secrets {
		all[lambdas.Resource{Secret: x.Name}] = "secretsmanager"
	}
	for _, b := range service.Buckets {
		all[lambdas.Resource{Bucket: b.Name}] = "s3"
	}
	for _, p := range service.Parameters {
		all[lambdas.Resource{Parameter: p.Name}] = "ssm"
	}
	return all
}

func resourceTexts(resources map[lambdas.Resource]string) (all []string) {
	for resource := range maps.Keys(resources) {
		all = append(all, resource.String())
	}
	slices.Sort(all)
	return all
}
