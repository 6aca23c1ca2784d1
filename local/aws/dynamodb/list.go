package dynamodb

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/store"
)

// Description describes a table to a person.
type Description struct {
	Name, ARN, URN    string
	HashKey, RangeKey string            // RangeKey is "" for a table without one
	Attributes        map[string]string // types (S, N or B) of the key attributes of the table and its indexes
	Indexes           []string
	TTL               string // attribute, or ""
	Stream            string // view type, or ""
}

// Item is an item of a table.
type Item = map[string]types.AttributeValue

// List describes the tables, ordered by name.
func (t *Tables) List() ([]Description, error) {
	records, err := store.List[Table](t.db, Token)
	if err != nil {
		return nil, err
	}
	all := make([]Description, 0, len(records))
	for _, r := range records {
		in := r.Inputs
		d := Description{Name: r.ID, ARN: tableARN(r), URN: r.URN, HashKey: in.HashKey, RangeKey: in.RangeKey, Attributes: map[string]string{}}
		for _, a := range in.Attributes {
			d.Attributes[a.Name] = a.Type
		}
		for _, i := range in.GlobalSecondaryIndexes {
			d.Indexes = append(d.Indexes, i.Name)
		}
		for _, i := range in.LocalSecondaryIndexes {
			d.Indexes = append(d.Indexes, i.Name)
		}
		if in.TTL != nil && in.TTL.Enabled {
			d.TTL = in.TTL.AttributeName
		}
		if in.StreamEnabled {
			d.Stream = in.StreamViewType
		}
		all = append(all, d)
	}
	return all, nil
}

// Count returns the number of items in a table. It reads all of them, because
// the item count that DescribeTable returns may be hours old
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html).
func (t *Tables) Count(ctx context.Context, table string) (n int, err error) {
	client, err := t.client(ctx)
	if err != nil {
		return 0, err
	}
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table, Select: types.SelectCount})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, err
		}
		n += int(page.Count)
	}
	return n, nil
}

// Scan returns up to limit items of a table after the key start; a nil start
// means from the first item. next is the start of the next page, or nil at the
// end.
func (t *Tables) Scan(ctx context.Context, table string, limit int, start Item) (items []Item, next Item, err error) {
	client, err := t.client(ctx)
	if err != nil {
		return nil, nil, err
	}
	for {
		page, err := client.Scan(ctx, &dynamodb.ScanInput{
			TableName: &table, Limit: aws.Int32(int32(limit - len(items))), ExclusiveStartKey: start, ConsistentRead: aws.Bool(true),
		})
		if err != nil {
			return nil, nil, err
		}
		items, start = append(items, page.Items...), page.LastEvaluatedKey
		if len(start) == 0 || len(items) >= limit {
			return items, start, nil
		}
	}
}

// maxBatch is the most items in one BatchWriteItem
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
const maxBatch = 25

// Put writes items and replaces existing items with the same keys. The changes
// appear in the table's stream, as a function's do. It returns the number of
// written items. Two items must not have the same key.
func (t *Tables) Put(ctx context.Context, table string, items []Item) (written int, err error) {
	client, err := t.client(ctx)
	if err != nil {
		return 0, err
	}
	defer t.wake()
	for written < len(items) {
		var requests []types.WriteRequest
		for _, item := range items[written:min(written+maxBatch, len(items))] {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		}
		batch := len(requests)
		for len(requests) > 0 {
			out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: requests}})
			if err != nil {
				return written, err
			}
			left := out.UnprocessedItems[table]
			if len(left) == len(requests) {
				return written, fmt.Errorf("table %s accepts no more items at the moment", table)
			}
			requests = left
		}
		written += batch
	}
	return written, nil
}
