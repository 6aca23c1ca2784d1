// Package remove is the handler of DELETE /items/{id}.
package remove

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/items"
	"skiff/lambdas/names"
)

// Handle removes the item, whatever its version; the second time it is 404.
func Handle(ctx context.Context, a *items.API, r items.Request) (items.Response, error) {
	id, err := items.ID(r)
	if err != nil {
		return items.Response{}, err
	}
	if err := deleteItem(ctx, a.Store, id, a.Now()); err != nil {
		return items.Response{}, err
	}
	return items.Respond(http.StatusNoContent, nil), nil
}

// deleteItem fails with items.ErrNotFound; so does a delete whose first answer
// was lost, for nothing is left that could tell it from a second delete. The
// item is gone either way.
func deleteItem(ctx context.Context, s *items.Store, id string, now time.Time) error {
	// DynamoDB removes an expired item only within days: until then it stands
	// in the table, and must not be found.
	err := s.Delete(ctx, &dynamodb.DeleteItemInput{
		Key:                       items.Key(id),
		ConditionExpression:       aws.String("attribute_exists(#id) AND (attribute_not_exists(#ttl) OR #ttl > :now)"),
		ExpressionAttributeNames:  map[string]string{"#id": names.KeyAttribute, "#ttl": names.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": items.Integer(now.Unix())},
	})
	if errors.Is(err, items.ErrCondition) {
		return items.ErrNotFound
	}
	return err
}
