package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/provider"
	"skiff/local/store"
)

// Engine tells where the items are kept, and starts what keeps them if need
// be.
type Engine func(ctx context.Context) (url string, err error)

// How often and how long a table's state is asked for. The engine answers at
// once; the limit is for one that hangs.
const (
	pollDelay = 5 * time.Millisecond
	waitLimit = 10 * time.Second
)

// idleLimit is how long a connection to the engine is kept.
const idleLimit = time.Minute

func (t *Tables) client(ctx context.Context) (*dynamodb.Client, error) {
	url, err := t.engine(ctx)
	if err != nil {
		return nil, err
	}
	return dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(url),
		HTTPClient:   t.http,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}), nil
}

// create makes the table where the items are kept. One that is there already
// is left as it is: it is this table, whose record a crash kept back.
func (t *Tables) create(ctx context.Context, _ provider.Call, r *store.Record[Table]) error {
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	_, err = client.CreateTable(ctx, creation(r.Inputs))
	if _, exists := errors.AsType[*types.ResourceInUseException](err); exists {
		err = t.checkSame(ctx, client, r.Inputs)
	}
	if err != nil {
		return err
	}
	return dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = pollDelay, pollDelay
	}).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(r.ID)}, waitLimit)
}

// checkSame refuses a table that stands under the name with other keys: what
// holds its items cannot change them.
func (t *Tables) checkSame(ctx context.Context, client *dynamodb.Client, in Table) error {
	held, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(in.Name)})
	if err != nil {
		return err
	}
	want := creation(in)
	have := &dynamodb.CreateTableInput{TableName: want.TableName, BillingMode: want.BillingMode, KeySchema: held.Table.KeySchema, AttributeDefinitions: held.Table.AttributeDefinitions}
	for _, i := range held.Table.GlobalSecondaryIndexes {
		have.GlobalSecondaryIndexes = append(have.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection})
	}
	for _, i := range held.Table.LocalSecondaryIndexes {
		have.LocalSecondaryIndexes = append(have.LocalSecondaryIndexes, types.LocalSecondaryIndex{IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection})
	}
	if !reflect.DeepEqual(sorted(have), sorted(want)) {
		return fmt.Errorf("ResourceInUseException: a table %s is there already, with other keys or indexes: give this one another name", in.Name)
	}
	return nil
}

// sorted puts what has no order in DynamoDB into one.
func sorted(in *dynamodb.CreateTableInput) *dynamodb.CreateTableInput {
	slices.SortFunc(in.AttributeDefinitions, func(a, b types.AttributeDefinition) int { return strings.Compare(*a.AttributeName, *b.AttributeName) })
	slices.SortFunc(in.GlobalSecondaryIndexes, func(a, b types.GlobalSecondaryIndex) int { return strings.Compare(*a.IndexName, *b.IndexName) })
	slices.SortFunc(in.LocalSecondaryIndexes, func(a, b types.LocalSecondaryIndex) int { return strings.Compare(*a.IndexName, *b.IndexName) })
	return in
}

func creation(in Table) *dynamodb.CreateTableInput {
	// The items' engine takes no changes of an index or of capacity, so that
	// every table is on demand there, whatever it is billed by.
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

func (t *Tables) update(_ context.Context, _ provider.Call, old store.Record[Table], r *store.Record[Table]) error {
	if !reflect.DeepEqual(sorted(creation(old.Inputs)), sorted(creation(r.Inputs))) {
		return fmt.Errorf("the local cloud cannot change the indexes of table %s, which AWS can: to go on here, destroy the local stack and bring it up anew", r.ID)
	}
	return nil
}

func (t *Tables) delete(ctx context.Context, _ provider.Call, r store.Record[Table]) error {
	if r.Inputs.DeletionProtectionEnabled {
		return fmt.Errorf("ValidationException: table %s is protected against deletion: turn deletionProtectionEnabled off first", r.ID)
	}
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String(r.ID)})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return nil
	}
	if err != nil {
		return err
	}
	return dynamodb.NewTableNotExistsWaiter(client, func(o *dynamodb.TableNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = pollDelay, pollDelay
	}).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(r.ID)}, waitLimit)
}
