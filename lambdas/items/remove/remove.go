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

	"skiff/lambdas/api"
	"skiff/lambdas/event"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// Handle removes the item, whatever its version; the second time it is 404.
func Handle(ctx context.Context, a *items.API, r api.Request) (api.Response, error) {
	id, err := items.ID(r)
	if err != nil {
		return api.Response{}, err
	}
	now := a.Now()
	last, err := deleteItem(ctx, a.Store, id, now)
	if err != nil {
		return api.Response{}, err
	}
	a.Tell(ctx, r, event.New(event.Deleted, id, last+1, table.Timestamp(now)))
	return api.Respond(http.StatusNoContent, nil), nil
}

// deleteItem returns the version that the item had last. It fails with
// table.ErrNotFound; so does a delete whose first answer was lost, because
// nothing is left that distinguishes it from a second delete. The item is gone
// either way; the delete that answers 404 sends no event.
func deleteItem(ctx context.Context, s *items.Store, id string, now time.Time) (last int64, err error) {
	// DynamoDB removes an expired item only within days: until then it is in
	// the table, and must not be found.
	row, err := s.Delete(ctx, &dynamodb.DeleteItemInput{
		Key: table.Key(id), ReturnValues: types.ReturnValueAllOld,
		ConditionExpression:       aws.String("attribute_exists(#id) AND (attribute_not_exists(#ttl) OR #ttl > :now)"),
		ExpressionAttributeNames:  map[string]string{"#id": names.KeyAttribute, "#ttl": names.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": table.Integer(now.Unix())},
	})
	if errors.Is(err, table.ErrCondition) {
		return 0, table.ErrNotFound
	}
	old := table.Reader{Row: row}
	if err == nil {
		last, err = old.Integer(items.VersionAttribute), old.Err
	}
	return last, err
}
