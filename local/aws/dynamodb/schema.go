package dynamodb

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/aws/awserr"
)

// creation returns the CreateTable call for the engine. It makes every table
// on-demand, because capacity has no effect here.
func creation(in Table) *dynamodb.CreateTableInput {
	input := &dynamodb.CreateTableInput{
		TableName:   aws.String(in.Name),
		BillingMode: types.BillingModePayPerRequest,
		KeySchema:   keySchema(in.HashKey, in.RangeKey),
	}
	for _, a := range in.Attributes {
		input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(a.Name), AttributeType: types.ScalarAttributeType(a.Type),
		})
	}
	for _, i := range in.GlobalSecondaryIndexes {
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(i.Name), KeySchema: keySchema(i.HashKey, i.RangeKey), Projection: projection(i.ProjectionType, i.NonKeyAttributes),
		})
	}
	for _, i := range in.LocalSecondaryIndexes {
		input.LocalSecondaryIndexes = append(input.LocalSecondaryIndexes, types.LocalSecondaryIndex{
			IndexName: aws.String(i.Name), KeySchema: keySchema(in.HashKey, i.RangeKey), Projection: projection(i.ProjectionType, i.NonKeyAttributes),
		})
	}
	return input
}

func keySchema(hash, rang string) []types.KeySchemaElement {
	keys := []types.KeySchemaElement{{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash}}
	if rang != "" {
		keys = append(keys, types.KeySchemaElement{AttributeName: aws.String(rang), KeyType: types.KeyTypeRange})
	}
	return keys
}

func projection(kind string, attributes []string) *types.Projection {
	return &types.Projection{ProjectionType: types.ProjectionType(kind), NonKeyAttributes: slices.Sorted(slices.Values(attributes))}
}

// held returns the CreateTable call that would create the table d.
func held(d *types.TableDescription) *dynamodb.CreateTableInput {
	input := &dynamodb.CreateTableInput{TableName: d.TableName, BillingMode: types.BillingModePayPerRequest, KeySchema: d.KeySchema, AttributeDefinitions: d.AttributeDefinitions}
	for _, i := range d.GlobalSecondaryIndexes {
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection})
	}
	for _, i := range d.LocalSecondaryIndexes {
		input.LocalSecondaryIndexes = append(input.LocalSecondaryIndexes, types.LocalSecondaryIndex{IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection})
	}
	return input
}

// checkSame returns an error if the engine's table of the same name has other
// keys or indexes.
func checkSame(ctx context.Context, client *dynamodb.Client, in Table) error {
	d, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(in.Name)})
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(sorted(held(d.Table)), sorted(creation(in))) {
		return awserr.New("ResourceInUseException", "a table %s already exists, with other keys or indexes: give this table another name", in.Name)
	}
	return nil
}

// sorted sorts the lists whose order DynamoDB ignores.
func sorted(in *dynamodb.CreateTableInput) *dynamodb.CreateTableInput {
	slices.SortFunc(in.AttributeDefinitions, func(a, b types.AttributeDefinition) int { return strings.Compare(*a.AttributeName, *b.AttributeName) })
	slices.SortFunc(in.GlobalSecondaryIndexes, func(a, b types.GlobalSecondaryIndex) int { return strings.Compare(*a.IndexName, *b.IndexName) })
	slices.SortFunc(in.LocalSecondaryIndexes, func(a, b types.LocalSecondaryIndex) int { return strings.Compare(*a.IndexName, *b.IndexName) })
	return in
}

// waitActive waits until the table and its indexes are active, and returns their
// description.
func waitActive(ctx context.Context, client *dynamodb.Client, name string) (*types.TableDescription, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, waitLimit, fmt.Errorf("table %s or one of its indexes is not active after %v", name, waitLimit))
	defer cancel()
	for {
		d, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		if err != nil {
			return nil, err
		}
		changing := func(i types.GlobalSecondaryIndexDescription) bool { return i.IndexStatus != types.IndexStatusActive }
		if d.Table.TableStatus == types.TableStatusActive && !slices.ContainsFunc(d.Table.GlobalSecondaryIndexes, changing) {
			return d.Table, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pollDelay):
		}
	}
}
