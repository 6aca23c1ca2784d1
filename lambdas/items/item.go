// Package items is the domain of this service: the item in JSON and as DynamoDB
// holds it, the rules for it, the store and its errors. Each handler has a
// package below this one and imports no other handler, so an edit of a handler
// changes one function; an edit here changes all.
package items

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// Draft is what a client decides about an item.
type Draft struct {
	Name   string // 1–256 characters
	Status string // active, done or archived

	// Attributes is any JSON object as DynamoDB holds it; nil when the client
	// gave none, which is not the same as an empty object.
	Attributes map[string]types.AttributeValue

	TTL int64 // Unix seconds; 0 when the client gave none
}

// Item is a stored item.
type Item struct {
	ID string
	Draft
	CreatedAt string // as table.Timestamp makes it
	UpdatedAt string // as table.Timestamp makes it
	Version   int64  // 1 at creation, one more with each update
}

// The attributes of an item beyond the table's keys.
const (
	NameAttribute       = "name"
	AttributesAttribute = "attributes"
	UpdatedAttribute    = "updatedAt"
	VersionAttribute    = "version"
)

// Row is the item as the table holds it.
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

// ItemOf reads a row. It fails on a row that no handler wrote.
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
