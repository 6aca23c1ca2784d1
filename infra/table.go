package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// newTable declares the table of items with its one index. Only keys are
// attributes here: DynamoDB refuses any other.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
func newTable(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption) (*dynamodb.Table, error) {
	hooks, err := newIndexHook(ctx)
	if err != nil {
		return nil, err
	}
	args := tableArgs(cfg)
	args.HashKey = pulumi.String(names.KeyAttribute)
	args.Attributes = dynamodb.TableAttributeArray{
		stringKey(names.KeyAttribute),
		stringKey(names.StatusKey),
		stringKey(names.CreatedKey),
	}
	args.GlobalSecondaryIndexes = dynamodb.TableGlobalSecondaryIndexArray{
		dynamodb.TableGlobalSecondaryIndexArgs{
			Name:           pulumi.String(names.StatusIndex),
			HashKey:        pulumi.String(names.StatusKey),
			RangeKey:       pulumi.String(names.CreatedKey),
			ProjectionType: pulumi.String("ALL"),
		},
	}
	return dynamodb.NewTable(ctx, "items", args, in, pulumi.Protect(cfg.Protect), hooks)
}

// connections is where the table of WebSocket connections is.
type connections struct {
	name, arn pulumi.StringInput
}

// newConnections declares the table of WebSocket connections and of the events
// that were passed on to them. It holds nothing that lasts, so Pulumi may
// replace it.
func newConnections(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, owner *sharing) (*connections, error) {
	if owner != nil {
		return &connections{pulumi.String(owner.ConnectionsTable), pulumi.String(owner.ConnectionsTableARN)}, nil
	}
	args := tableArgs(cfg)
	args.HashKey = pulumi.String(names.KindAttribute)
	args.RangeKey = pulumi.String(names.KeyAttribute)
	args.Attributes = dynamodb.TableAttributeArray{stringKey(names.KindAttribute), stringKey(names.KeyAttribute)}
	table, err := dynamodb.NewTable(ctx, "connections", args, in)
	if err != nil {
		return nil, err
	}
	return &connections{table.Name, table.Arn}, nil
}

// tableArgs is what both tables have.
func tableArgs(cfg config) *dynamodb.TableArgs {
	return &dynamodb.TableArgs{
		BillingMode:               pulumi.String("PAY_PER_REQUEST"),
		Ttl:                       dynamodb.TableTtlArgs{AttributeName: pulumi.String(names.TTLAttribute), Enabled: pulumi.Bool(true)},
		DeletionProtectionEnabled: pulumi.Bool(cfg.DeletionProtection),
		PointInTimeRecovery:       dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(cfg.PointInTimeRecovery)},
	}
}

func stringKey(name string) dynamodb.TableAttributeArgs {
	return dynamodb.TableAttributeArgs{Name: pulumi.String(name), Type: pulumi.String("S")}
}

// tablePlaces are where the tables are. To IAM an index is a resource of its
// own.
func tablePlaces(items *dynamodb.Table, c *connections) places {
	told := pulumi.StringMap{names.TableNameVariable: items.Name}
	return places{
		lambdas.ItemsTable:       {items.Arn, told},
		lambdas.StatusIndex:      {pulumi.Sprintf("%s/index/%s", items.Arn, names.StatusIndex), told},
		lambdas.ConnectionsTable: {c.arn, pulumi.StringMap{names.ConnectionsTableVariable: c.name}},
	}
}
