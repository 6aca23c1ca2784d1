package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// share declares a parameter under /PROJECT/STACK/ for each value that other
// services may need. They should read it while they deploy and not in a
// function: Parameter Store allows 40 reads a second.
// https://docs.aws.amazon.com/general/latest/gr/ssm.html
func share(s *stack, k *apiInfo, data *stores) (resources []pulumi.Resource, err error) {
	values := data.shared()
	if k.own {
		for _, f := range k.facts() {
			values[f.name] = *f.value
		}
	}
	for _, p := range data.policies() {
		made, err := iam.NewPolicy(s.ctx, p.name, &iam.PolicyArgs{
			Description: pulumi.String(p.description),
			Policy:      allow(p.grants...),
		}, s.in, pulumi.IgnoreChanges([]string{"description"}))
		if err != nil {
			return nil, err
		}
		values[label(p.name).member("policyArn")] = made.Arn
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		made, err := ssm.NewParameter(s.ctx, name, &ssm.ParameterArgs{
			Name:  pulumi.String(s.path(name)),
			Type:  pulumi.String("String"),
			Value: values[name],
		}, s.in)
		if err != nil {
			return nil, err
		}
		resources = append(resources, made)
	}
	return resources, nil
}

// shared returns the names, addresses and ARNs of the shared stores, by
// parameter name. It includes the table of WebSocket connections, which an
// attached stack needs.
func (d *stores) shared() pulumi.StringMap {
	all := pulumi.StringMap{}
	for _, t := range d.tables {
		if l := tableLabel(t.Table); t.Shared || t.Sockets {
			all[l.member("name")], all[l.member("arn")] = t.made.Name, t.made.Arn
		}
	}
	for _, q := range d.queues {
		if l := queueLabel(q.Queue); q.Shared {
			all[l.member("url")], all[l.member("arn")] = q.made.Url, q.made.Arn
		}
	}
	for _, b := range d.buckets {
		if l := bucketLabel(b.Bucket); b.Shared {
			all[l.member("name")], all[l.member("arn")] = b.made.Bucket, b.made.Arn
		}
	}
	return all
}

// sharedPolicy is a managed policy that another service can attach to a role.
// The owner of a resource declares the rights on it. IAM cannot change a
// description, so updates ignore it.
type sharedPolicy struct {
	name, description string
	grants            []grant
}

// policies returns the policies of all shared stores.
func (d *stores) policies() (all []sharedPolicy) {
	for _, t := range d.tables {
		if t.Shared {
			all = append(all, t.readers(), t.writers())
		}
	}
	for _, q := range d.queues {
		if q.Shared {
			all = append(all, sharedPolicy{q.Name + "-send", "Send " + q.Carries, []grant{{[]string{"sqs:SendMessage"}, q.made.Arn}}})
		}
	}
	for _, b := range d.buckets {
		if b.Shared {
			objects := pulumi.Sprintf("%s/*", b.made.Arn)
			all = append(all,
				sharedPolicy{b.Name + "-read", "Read objects of " + b.Name, []grant{{[]string{"s3:GetObject"}, objects}, {[]string{"s3:ListBucket"}, b.made.Arn}}},
				sharedPolicy{b.Name + "-write", "Write objects of " + b.Name, []grant{{[]string{"s3:PutObject", "s3:DeleteObject"}, objects}}})
		}
	}
	return all
}

// readers returns the policy to read the table and to query its indexes. A
// table without a range key has no right to query, because there is nothing to
// query.
func (t table) readers() sharedPolicy {
	p := sharedPolicy{name: t.Name + "-read", description: "Read " + t.Name}
	read := []string{"dynamodb:GetItem", "dynamodb:BatchGetItem"}
	if t.RangeKey.Name != "" {
		read = append(read, "dynamodb:Query")
	}
	p.grants = append(p.grants, grant{read, t.made.Arn})
	var by []string
	for _, index := range t.Indexes {
		by = append(by, index.HashKey.Name)
		p.grants = append(p.grants, grant{[]string{"dynamodb:Query"}, t.indexARN(index.Name)})
	}
	if len(by) > 0 {
		p.description += fmt.Sprintf(", and list them by %s", strings.Join(by, ", "))
	}
	return p
}

// writers returns the policy to write items.
func (t table) writers() sharedPolicy {
	return sharedPolicy{t.Name + "-write", "Write " + t.Name,
		[]grant{{[]string{"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}, t.made.Arn}}}
}
