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

// share declares a parameter for each thing that other services may need of
// this one, below /PROJECT/STACK/. They are read when a stack is brought up,
// never by a function: Parameter Store has 40 reads a second.
// https://docs.aws.amazon.com/general/latest/gr/ssm.html
func share(s *stack, k *known, data *stores) (declared []pulumi.Resource, err error) {
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
		declared = append(declared, made)
	}
	return declared, nil
}

// shared are the names, addresses and ARNs of what others may use, by parameter.
// A stack that is attached needs the tables of WebSocket clients.
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

// sharedPolicy is a managed policy that another service's role may be given:
// rights on what this stack owns, spelt out once, by its owner. IAM cannot change
// a description, so the first one stays.
type sharedPolicy struct {
	name, description string
	grants            []grant
}

// policies are those of everything that is shared.
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

// readers may read the table and query its indexes. Without an index or a range
// key there is nothing to query.
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

// writers may write the table.
func (t table) writers() sharedPolicy {
	return sharedPolicy{t.Name + "-write", "Write " + t.Name,
		[]grant{{[]string{"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}, t.made.Arn}}}
}
