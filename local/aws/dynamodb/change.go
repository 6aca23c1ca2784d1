package dynamodb

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/aws/awserr"
)

// checkChange refuses an update with more than one index change: DynamoDB
// creates or deletes one index at a time
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html).
// An index with new keys or a new projection counts twice: it is deleted and
// created.
func checkChange(old, in Table) error {
	have, want := indexed(creation(old)), indexed(creation(in))
	var changes []string
	for _, name := range have.names {
		if !reflect.DeepEqual(have.indexes[name], want.indexes[name]) {
			changes = append(changes, "delete "+name)
		}
	}
	for _, name := range want.names {
		if !reflect.DeepEqual(have.indexes[name], want.indexes[name]) {
			changes = append(changes, "create "+name)
		}
	}
	if len(changes) > 1 {
		return awserr.New("LimitExceededException", "only 1 online index can be created or deleted simultaneously per table; table %s needs more (%s): make one change per update, and give a changed index a new name",
			in.Name, strings.Join(changes, ", "))
	}
	return nil
}

// updateTable updates the engine's table to match in, with one call for each
// index. The items stay, and a new index includes the existing items.
func updateTable(ctx context.Context, client *dynamodb.Client, in Table) error {
	d, err := waitActive(ctx, client, in.Name)
	if err != nil {
		return err
	}
	have, want := indexed(held(d)), indexed(creation(in))
	if !reflect.DeepEqual(have.fixed, want.fixed) {
		return awserr.New("ValidationException", "table %s has other keys, key types or local indexes, which cannot change: give the table another name", in.Name)
	}
	for _, name := range have.names {
		if reflect.DeepEqual(have.indexes[name], want.indexes[name]) {
			continue
		}
		if err := deleteIndex(ctx, client, in.Name, name); err != nil {
			return err
		}
		delete(have.indexes, name)
	}
	for _, name := range want.names {
		if _, kept := have.indexes[name]; kept {
			continue
		}
		if err := createIndex(ctx, client, in.Name, want.indexes[name]); err != nil {
			return err
		}
	}
	return setTTL(ctx, client, in)
}

// shape holds a table's keys and indexes in a comparable form.
type shape struct {
	fixed   keys // of the table and its local indexes; DynamoDB never changes them
	names   []string
	indexes map[string]index
}

// keys holds key schemas with the types of their attributes.
type keys struct {
	schema     []types.KeySchemaElement
	attributes []types.AttributeDefinition
	local      []types.LocalSecondaryIndex
}

// index is a global secondary index with the types of its keys.
type index struct {
	types.GlobalSecondaryIndex
	attributes []types.AttributeDefinition
}

func indexed(in *dynamodb.CreateTableInput) shape {
	in = sorted(in)
	attributesOf := func(schemas ...[]types.KeySchemaElement) []types.AttributeDefinition {
		var used []types.AttributeDefinition
		for _, a := range in.AttributeDefinitions {
			isKey := func(k types.KeySchemaElement) bool { return *k.AttributeName == *a.AttributeName }
			if slices.ContainsFunc(slices.Concat(schemas...), isKey) {
				used = append(used, a)
			}
		}
		return used
	}
	schemas := [][]types.KeySchemaElement{in.KeySchema}
	for _, i := range in.LocalSecondaryIndexes {
		schemas = append(schemas, i.KeySchema)
	}
	s := shape{
		fixed:   keys{schema: in.KeySchema, attributes: attributesOf(schemas...), local: in.LocalSecondaryIndexes},
		indexes: map[string]index{},
	}
	for _, i := range in.GlobalSecondaryIndexes {
		s.names = append(s.names, *i.IndexName)
		s.indexes[*i.IndexName] = index{i, attributesOf(i.KeySchema)}
	}
	return s
}

func createIndex(ctx context.Context, client *dynamodb.Client, table string, i index) error {
	_, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: aws.String(table), AttributeDefinitions: i.attributes,
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection,
		}}},
	})
	if err == nil {
		_, err = waitActive(ctx, client, table)
	}
	if err != nil {
		return fmt.Errorf("create index %s of table %s: %w", *i.IndexName, table, err)
	}
	return nil
}

func deleteIndex(ctx context.Context, client *dynamodb.Client, table, name string) error {
	_, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName:                   aws.String(table),
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String(name)}}},
	})
	if err == nil {
		_, err = waitActive(ctx, client, table)
	}
	if err != nil {
		return fmt.Errorf("delete index %s of table %s: %w", name, table, err)
	}
	return nil
}

// setTTL enables or disables the time to live of the engine's table. As on AWS
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html),
// the attribute of an enabled time to live cannot change. One update must
// disable it before another update sets a new attribute.
func setTTL(ctx context.Context, client *dynamodb.Client, in Table) error {
	d, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(in.Name)})
	if err != nil {
		return err
	}
	have := ""
	if t := d.TimeToLiveDescription; t != nil && t.TimeToLiveStatus == types.TimeToLiveStatusEnabled {
		have = aws.ToString(t.AttributeName)
	}
	want := ""
	if in.TTL != nil && in.TTL.Enabled {
		want = in.TTL.AttributeName
	}
	if have == want {
		return nil
	}
	change := types.TimeToLiveSpecification{AttributeName: aws.String(want), Enabled: aws.Bool(true)}
	if want == "" {
		change = types.TimeToLiveSpecification{AttributeName: aws.String(have), Enabled: aws.Bool(false)}
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: aws.String(in.Name), TimeToLiveSpecification: &change})
	return err
}
