// Package items is the domain: the handlers of the items API, one per route,
// and the table they keep items in. The main packages beside it start one
// handler each.
package items

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas"
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
	CreatedAt string // as timestamp makes it
	UpdatedAt string // as timestamp makes it
	Version   int64  // 1 at creation, one more with each update
}

// The attributes of an item beyond the table's keys.
const (
	nameAttribute       = "name"
	attributesAttribute = "attributes"
	updatedAttribute    = "updatedAt"
	versionAttribute    = "version"

	// writeAttribute is the token of the update that wrote the item last. It
	// tells an update whose answer was lost from another's.
	writeAttribute = "write"
)

// timestamp is RFC 3339 in UTC with a fixed number of digits, so that texts
// sort as times do: the index's range key depends on it.
func timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// alive reports whether an item or record with that ttl, 0 for none, counts as
// present. DynamoDB removes expired items only within days:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
func alive(ttl int64, now time.Time) bool {
	return ttl == 0 || ttl > now.Unix()
}

// row is the item as the table holds it.
func (i *Item) row() map[string]types.AttributeValue {
	row := map[string]types.AttributeValue{
		lambdas.KeyAttribute: text(i.ID),
		lambdas.StatusKey:    text(i.Status),
		lambdas.CreatedKey:   text(i.CreatedAt),
		nameAttribute:        text(i.Name),
		updatedAttribute:     text(i.UpdatedAt),
		versionAttribute:     integer(i.Version),
	}
	if i.Attributes != nil {
		row[attributesAttribute] = &types.AttributeValueMemberM{Value: i.Attributes}
	}
	if i.TTL != 0 {
		row[lambdas.TTLAttribute] = integer(i.TTL)
	}
	return row
}

// itemOf reads a row. It fails on a row that no handler of this package wrote.
func itemOf(row map[string]types.AttributeValue) (*Item, error) {
	r := reader{row: row}
	i := &Item{
		ID:        r.text(lambdas.KeyAttribute),
		Draft:     Draft{Name: r.text(nameAttribute), Status: r.text(lambdas.StatusKey)},
		CreatedAt: r.text(lambdas.CreatedKey),
		UpdatedAt: r.text(updatedAttribute),
		Version:   r.integer(versionAttribute),
	}
	if _, found := row[lambdas.TTLAttribute]; found {
		i.TTL = r.integer(lambdas.TTLAttribute)
	}
	if value, found := row[attributesAttribute]; found {
		m, ok := value.(*types.AttributeValueMemberM)
		if !ok {
			return nil, fmt.Errorf("stored item: %s is not a map", attributesAttribute)
		}
		i.Attributes = m.Value
	}
	if r.err != nil {
		return nil, fmt.Errorf("stored item: %w", r.err)
	}
	return i, nil
}

// reader takes attributes out of a row and keeps the first failure. Its errors
// name the attribute and never hold a value.
type reader struct {
	row map[string]types.AttributeValue
	err error
}

func (r *reader) text(name string) string {
	value, ok := r.row[name].(*types.AttributeValueMemberS)
	if !ok {
		r.fail(name, "a string")
		return ""
	}
	return value.Value
}

func (r *reader) integer(name string) int64 {
	value, ok := r.row[name].(*types.AttributeValueMemberN)
	if !ok {
		r.fail(name, "a number")
		return 0
	}
	n, err := strconv.ParseInt(value.Value, 10, 64)
	if err != nil {
		r.fail(name, "a whole number")
	}
	return n
}

func (r *reader) bytes(name string) []byte {
	value, ok := r.row[name].(*types.AttributeValueMemberB)
	if !ok {
		r.fail(name, "binary")
		return nil
	}
	return value.Value
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s is not %s", name, want)
	}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func integer(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
