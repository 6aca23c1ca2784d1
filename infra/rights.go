package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// place is where a resource of the stack is: the ARN that rights on it name, and
// the environment by which functions with such rights find it.
type place struct {
	arn       pulumi.StringInput // nil: rights on it have no effect
	objects   pulumi.StringInput // of a bucket: the ARN of what is in it
	variables pulumi.StringMap
}

// places are where everything is that functions may use.
type places map[lambdas.Resource]place

// and returns both together.
func (p places) and(more places) places {
	all := places{}
	maps.Copy(all, p)
	maps.Copy(all, more)
	return all
}

// grants are the function's rights, in an order that stays.
func (p places) grants(f lambdas.Function) (grants []grant) {
	for _, resource := range byText(f.Rights) {
		at, actions := p[resource], f.Rights[resource]
		if at.objects != nil {
			var within []string
			actions, within = split(actions)
			if len(within) > 0 {
				grants = append(grants, grant{within, at.objects.ToStringOutput()})
			}
		}
		if at.arn != nil && len(actions) > 0 {
			grants = append(grants, grant{actions, at.arn.ToStringOutput()})
		}
	}
	if f.Follows != "" {
		grants = append(grants, streams())
	}
	return grants
}

// split tells S3's actions on a bucket from those on the objects in it.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func split(actions []string) (bucket, objects []string) {
	for _, action := range actions {
		if strings.HasPrefix(action, "s3:ListBucket") || strings.HasPrefix(action, "s3:GetBucket") {
			bucket = append(bucket, action)
		} else {
			objects = append(objects, action)
		}
	}
	return bucket, objects
}

// variables are the environment of what the function has rights on, and of
// nothing else.
func (p places) variables(f lambdas.Function) pulumi.StringMap {
	env := pulumi.StringMap{}
	for resource := range f.Rights {
		maps.Copy(env, p[resource].variables)
	}
	return env
}

// byText are the resources in the order of their texts.
func byText(rights lambdas.Rights) []lambdas.Resource {
	return slices.SortedFunc(maps.Keys(rights), func(a, b lambdas.Resource) int { return strings.Compare(a.String(), b.String()) })
}
