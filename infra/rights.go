package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// place is a resource of the stack as functions use it: the ARN for rights, and
// the environment variables that contain its name or address.
type place struct {
	arn       pulumi.StringInput // nil: rights on it have no effect
	objects   pulumi.StringInput // of a bucket: the ARN of its objects
	variables pulumi.StringMap
}

// places holds the places of all resources that functions may use.
type places map[lambdas.Resource]place

// and returns the places of both.
func (p places) and(more places) places {
	all := places{}
	maps.Copy(all, p)
	maps.Copy(all, more)
	return all
}

// grants returns the function's rights in a fixed order.
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

// split separates S3's actions on a bucket from its actions on objects.
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

// variables returns the environment variables for the resources that the
// function has rights on.
func (p places) variables(f lambdas.Function) pulumi.StringMap {
	env := pulumi.StringMap{}
	for resource := range f.Rights {
		maps.Copy(env, p[resource].variables)
	}
	return env
}

// byText returns the resources, sorted by their texts.
func byText(rights lambdas.Rights) []lambdas.Resource {
	return slices.SortedFunc(maps.Keys(rights), func(a, b lambdas.Resource) int { return strings.Compare(a.String(), b.String()) })
}
