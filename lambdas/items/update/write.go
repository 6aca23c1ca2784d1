package update

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// tokenAttribute holds the token of the item's last update. With it, an update
// whose response was lost recognizes its own write.
const tokenAttribute = "write"

// write is one update of an item.
type write struct {
	id    string
	match api.Match // the versions that the client has seen
	draft items.Draft
	token string // unique for this update
	now   time.Time
}

// replace replaces the draft of an item that exists and matches, and returns
// the new item. It fails with table.ErrNotFound or items.ErrVersion.
func replace(ctx context.Context, s *items.Store, w write) (*items.Item, error) {
	row, err := s.Update(ctx, w.input())
	if errors.Is(err, table.ErrCondition) {
		return whyNot(ctx, s, w)
	}
	if err != nil {
		return nil, err
	}
	return items.ItemOf(row)
}

// input returns an UpdateItem rather than a PutItem, because UpdateItem keeps
// createdAt without a read.
func (w write) input() *dynamodb.UpdateItemInput {
	in := &dynamodb.UpdateItemInput{
		Key: table.Key(w.id), ReturnValues: types.ReturnValueAllNew,
		ExpressionAttributeNames: map[string]string{
			"#name": items.NameAttribute, "#status": names.StatusKey, "#updated": items.UpdatedAttribute, "#write": tokenAttribute,
			"#version": items.VersionAttribute, "#ttl": names.TTLAttribute, "#attributes": items.AttributesAttribute,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":name": table.Text(w.draft.Name), ":status": table.Text(w.draft.Status),
			":updated": table.Text(table.Timestamp(w.now)), ":write": table.Text(w.token),
			":one": table.Integer(1), ":now": table.Integer(w.now.Unix()),
		},
	}
	in.ConditionExpression = aws.String(condition(w.match, in.ExpressionAttributeValues) + " AND (attribute_not_exists(#ttl) OR #ttl > :now)")
	set, remove := "SET #name = :name, #status = :status, #updated = :updated, #version = #version + :one, #write = :write", []string{}
	if w.draft.Attributes != nil {
		set += ", #attributes = :attributes"
		in.ExpressionAttributeValues[":attributes"] = &types.AttributeValueMemberM{Value: w.draft.Attributes}
	} else {
		remove = append(remove, "#attributes")
	}
	if w.draft.TTL != 0 {
		set += ", #ttl = :ttl"
		in.ExpressionAttributeValues[":ttl"] = table.Integer(w.draft.TTL)
	} else {
		remove = append(remove, "#ttl")
	}
	if len(remove) > 0 {
		set += " REMOVE " + strings.Join(remove, ", ")
	}
	in.UpdateExpression = &set
	return in
}

// condition returns the match as a condition of DynamoDB and adds its values to
// values. An absent item has no version and never matches.
func condition(m api.Match, values map[string]types.AttributeValue) string {
	if m.Any {
		return "attribute_exists(#version)"
	}
	var operands []string
	for i, version := range m.Versions {
		name := ":v" + strconv.Itoa(i)
		operands, values[name] = append(operands, name), table.Integer(version)
	}
	return "#version IN (" + strings.Join(operands, ", ") + ")"
}

// whyNot finds out why the condition was not met. It fails with
// table.ErrNotFound if the item does not exist, and with items.ErrVersion if it
// has another version. If the item has this write's token, the update succeeded
// earlier: its response was lost, and the SDK repeated it. Then whyNot returns
// the item.
func whyNot(ctx context.Context, s *items.Store, w write) (*items.Item, error) {
	row, err := s.Row(ctx, table.Key(w.id), w.now)
	if err != nil {
		return nil, err
	}
	if token, ok := row[tokenAttribute].(*types.AttributeValueMemberS); ok && token.Value == w.token {
		return items.ItemOf(row)
	}
	return nil, items.ErrVersion
}
