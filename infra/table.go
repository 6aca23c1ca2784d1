package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// table is a DynamoDB table with its declaration.
type table struct {
	lambdas.Table
	made *dynamodb.Table
}

// newTables declares the tables.
func newTables(s *stack, declared []lambdas.Table) (tables []table, err error) {
	hook, err := newIndexHook(s.ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range declared {
		options := []pulumi.ResourceOption{s.in}
		if !d.Sockets {
			options = append(options, pulumi.Protect(s.cfg.Protect), hook)
		}
		made, err := dynamodb.NewTable(s.ctx, d.Name, tableArgs(s.cfg, d), options...)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table{d, made})
	}
	return tables, nil
}

// tableArgs returns the arguments of a table. The attributes are the keys of
// the table and of its indexes: DynamoDB refuses any other attribute.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
func tableArgs(cfg config, d lambdas.Table) *dynamodb.TableArgs {
	args := &dynamodb.TableArgs{
		BillingMode:               pulumi.String("PAY_PER_REQUEST"),
		HashKey:                   pulumi.String(d.HashKey.Name),
		RangeKey:                  rangeKey(d.RangeKey),
		Attributes:                attributes(d),
		DeletionProtectionEnabled: pulumi.Bool(cfg.DeletionProtection),
		PointInTimeRecovery:       dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(cfg.PointInTimeRecovery)},
	}
	if d.TTL != "" {
		args.Ttl = dynamodb.TableTtlArgs{AttributeName: pulumi.String(d.TTL), Enabled: pulumi.Bool(true)}
	}
	if d.Stream != "" {
		args.StreamEnabled, args.StreamViewType = pulumi.Bool(true), pulumi.String(d.Stream)
	}
	if indexes := indexArgs(d.Indexes); len(indexes) > 0 {
		args.GlobalSecondaryIndexes = indexes
	}
	return args
}

func indexArgs(declared []lambdas.Index) (indexes dynamodb.TableGlobalSecondaryIndexArray) {
	for _, d := range declared {
		index := dynamodb.TableGlobalSecondaryIndexArgs{
			Name:           pulumi.String(d.Name),
			HashKey:        pulumi.String(d.HashKey.Name),
			RangeKey:       rangeKey(d.RangeKey),
			ProjectionType: pulumi.String("ALL"),
		}
		switch {
		case len(d.Attributes) > 0:
			index.ProjectionType, index.NonKeyAttributes = pulumi.String("INCLUDE"), pulumi.ToStringArray(d.Attributes)
		case d.Attributes != nil:
			index.ProjectionType = pulumi.String("KEYS_ONLY")
		}
		indexes = append(indexes, index)
	}
	return indexes
}

// rangeKey returns the name of the key, or nil if there is no range key.
func rangeKey(k lambdas.Key) pulumi.StringPtrInput {
	if k.Name == "" {
		return nil
	}
	return pulumi.String(k.Name)
}

// attributes returns the keys of the table and of its indexes, each once.
func attributes(d lambdas.Table) (all dynamodb.TableAttributeArray) {
	seen := map[string]bool{"": true}
	for _, k := range keys(d) {
		if !seen[k.Name] {
			all = append(all, dynamodb.TableAttributeArgs{Name: pulumi.String(k.Name), Type: pulumi.String(k.Type)})
		}
		seen[k.Name] = true
	}
	return all
}

// keys returns the keys of the table and of its indexes. A range key without a
// name does not exist.
func keys(d lambdas.Table) []lambdas.Key {
	all := []lambdas.Key{d.HashKey, d.RangeKey}
	for _, index := range d.Indexes {
		all = append(all, index.HashKey, index.RangeKey)
	}
	return all
}

// places returns the places of the table, of its indexes and of its stream. For
// IAM these are separate resources.
func (t table) places() places {
	env := pulumi.StringMap{tableLabel(t.Table).variable("NAME"): t.made.Name}
	all := places{lambdas.Resource{Table: t.Name}: {arn: t.made.Arn, variables: env}}
	for _, index := range t.Indexes {
		all[lambdas.Resource{Table: t.Name, Index: index.Name}] = place{arn: t.indexARN(index.Name), variables: env}
	}
	if t.Stream != "" {
		all[lambdas.Resource{Stream: t.Name}] = place{arn: t.made.StreamArn}
	}
	return all
}

func (t table) indexARN(index string) pulumi.StringOutput {
	return pulumi.Sprintf("%s/index/%s", t.made.Arn, index)
}
