package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// table is what others need of the table of items.
type table struct {
	name pulumi.StringOutput
	arn  pulumi.StringOutput
}

// newTable declares the table with its one index. Only keys are attributes
// here: DynamoDB refuses any other.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
func newTable(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption) (*table, error) {
	t, err := dynamodb.NewTable(ctx, "items", &dynamodb.TableArgs{
		BillingMode: pulumi.String("PAY_PER_REQUEST"),
		HashKey:     pulumi.String(names.KeyAttribute),
		Attributes: dynamodb.TableAttributeArray{
			stringKey(names.KeyAttribute),
			stringKey(names.StatusKey),
			stringKey(names.CreatedKey),
		},
		GlobalSecondaryIndexes: dynamodb.TableGlobalSecondaryIndexArray{
			dynamodb.TableGlobalSecondaryIndexArgs{
				Name:           pulumi.String(names.StatusIndex),
				HashKey:        pulumi.String(names.StatusKey),
				RangeKey:       pulumi.String(names.CreatedKey),
				ProjectionType: pulumi.String("ALL"),
			},
		},
		Ttl: dynamodb.TableTtlArgs{
			AttributeName: pulumi.String(names.TTLAttribute),
			Enabled:       pulumi.Bool(true),
		},
		DeletionProtectionEnabled: pulumi.Bool(cfg.DeletionProtection),
		PointInTimeRecovery:       dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(cfg.PointInTimeRecovery)},
	}, in, pulumi.Protect(cfg.Protect))
	if err != nil {
		return nil, err
	}
	return &table{name: t.Name, arn: t.Arn}, nil
}

func stringKey(name string) dynamodb.TableAttributeArgs {
	return dynamodb.TableAttributeArgs{Name: pulumi.String(name), Type: pulumi.String("S")}
}

// grants is what a function may do with the table, and with the index: each is
// a resource of its own to IAM.
func (t *table) grants(f lambdas.Function) []grant {
	var g []grant
	if len(f.TableActions) > 0 {
		g = append(g, grant{f.TableActions, t.arn})
	}
	if len(f.IndexActions) > 0 {
		g = append(g, grant{f.IndexActions, pulumi.Sprintf("%s/index/%s", t.arn, names.StatusIndex)})
	}
	return g
}
