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

// Handle deletes the item, whatever its version. A second delete is a 404.
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
	a.SendEvent(ctx, r, event.New(event.Deleted, id, last+1, table.Timestamp(now)))
	return api.Respond(http.StatusNoContent, nil), nil
}

// deleteItem deletes the item and returns its last version. It fails with
// table.ErrNotFound if there is no item. If a delete's response is lost and the
// SDK repeats it, deleteItem also fails with table.ErrNotFound: the second try
// cannot know that the first one deleted the item. The client then gets a 404
// and no event is sent, though the item is deleted.
func deleteItem(ctx context.Context, s *items.Store, id string, now time.Time) (last int64, err error) {
	// DynamoDB may take days to delete an expired item. Until then the
	// condition hides it.
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
