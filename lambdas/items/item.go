package items

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// Draft is the part of an item that a client sets.
type Draft struct {
	Name   string // 1–256 characters
	Status string // active, done or archived

	// Attributes is any JSON object, as DynamoDB values. It is nil if the
	// client sent none, which differs from an empty object.
	Attributes map[string]types.AttributeValue

	TTL int64 // Unix seconds; 0 if the client sent none
}

// Item is a stored item.
type Item struct {
	ID string
	Draft
	CreatedAt string // from table.Timestamp
	UpdatedAt string // from table.Timestamp
	Version   int64  // 1 at creation; each update adds 1
}

// The attributes of an item besides the table's keys.
const (
	NameAttribute       = "name"
	AttributesAttribute = "attributes"
	UpdatedAttribute    = "updatedAt"
	VersionAttribute    = "version"
)

// Row returns the item as a row of the table.
func (i *Item) Row() map[string]types.AttributeValue {
	row := map[string]types.AttributeValue{
		names.KeyAttribute: table.Text(i.ID),
		names.StatusKey:    table.Text(i.Status),
		names.CreatedKey:   table.Text(i.CreatedAt),
		NameAttribute:      table.Text(i.Name),
		UpdatedAttribute:   table.Text(i.UpdatedAt),
		VersionAttribute:   table.Integer(i.Version),
	}
	if i.Attributes != nil {
		row[AttributesAttribute] = &types.AttributeValueMemberM{Value: i.Attributes}
	}
	if i.TTL != 0 {
		row[names.TTLAttribute] = table.Integer(i.TTL)
	}
	return row
}

// ItemOf returns the item in a row. It fails for a row that no handler can have
// written.
func ItemOf(row map[string]types.AttributeValue) (*Item, error) {
	r := table.Reader{Row: row}
	i := &Item{
		ID:        r.Text(names.KeyAttribute),
		Draft:     Draft{Name: r.Text(NameAttribute), Status: r.Text(names.StatusKey)},
		CreatedAt: r.Text(names.CreatedKey),
		UpdatedAt: r.Text(UpdatedAttribute),
		Version:   r.Integer(VersionAttribute),
	}
	if _, found := row[names.TTLAttribute]; found {
		i.TTL = r.Integer(names.TTLAttribute)
	}
	if value, found := row[AttributesAttribute]; found {
		m, ok := value.(*types.AttributeValueMemberM)
		if !ok {
			return nil, fmt.Errorf("stored item: %s is not a map", AttributesAttribute)
		}
		i.Attributes = m.Value
	}
	if r.Err != nil {
		return nil, fmt.Errorf("stored item: %w", r.Err)
	}
	return i, nil
}
