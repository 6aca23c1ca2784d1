package items

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"skiff/lambdas"
)

// What the store answers when nothing is wrong with it. Every other error of
// the store is a *StoreError.
var (
	ErrNotFound = errors.New("no such item")
	ErrVersion  = errors.New("another version")
	ErrTooLarge = errors.New("item too large")

	errCondition = errors.New("condition not met")
)

// StoreError is a call to DynamoDB that failed. It says which action and which
// kind of failure, and nothing of the SDK's message: that holds ARNs.
type StoreError struct {
	Action      string // such as GetItem
	Kind        string // DynamoDB's error code, or deadline, network, client
	Unavailable bool   // trying again later may help
}

func (e *StoreError) Error() string { return "dynamodb:" + e.Action + ": " + e.Kind }

// Store keeps items in one DynamoDB table. Two kinds of records stand beside
// them, under ids that no item has: idempotency keys (idem#KEY) and the
// cursors' key (cursor#key). They have no status, so the index leaves them out.
type Store struct {
	client  *dynamodb.Client
	table   string
	cursors cursorKey
}

// storeError sorts the SDK's errors. None of them leaves this package.
func storeError(ctx context.Context, action string, err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return apiError(action, api, err)
	}
	var network net.Error
	var quota ratelimit.QuotaExceededError
	switch {
	case ctx.Err() != nil:
		return &StoreError{action, "deadline", true}
	case errors.As(err, &network), errors.As(err, &quota), httpStatus(err) >= 500:
		return &StoreError{action, "network", true}
	}
	return &StoreError{action, "client", false}
}

func apiError(action string, api smithy.APIError, err error) error {
	code := api.ErrorCode()
	if code == "ConditionalCheckFailedException" {
		return errCondition
	}
	if code == "ValidationException" && strings.Contains(strings.ToLower(api.ErrorMessage()), "item size") {
		return ErrTooLarge
	}
	_, throttle := retry.DefaultThrottleErrorCodes[code]
	return &StoreError{action, code, throttle || httpStatus(err) >= 500}
}

// httpStatus is the status of the answer that the error is about, 0 for none.
func httpStatus(err error) int {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) {
		return 0
	}
	return response.HTTPStatusCode()
}

// row reads the row with that id, consistently. It fails with ErrNotFound
// when there is none, or one whose ttl has passed.
func (s *Store) row(ctx context.Context, id string, now time.Time) (map[string]types.AttributeValue, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: key(id), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, storeError(ctx, "GetItem", err)
	}
	if out.Item == nil {
		return nil, ErrNotFound
	}
	if _, found := out.Item[lambdas.TTLAttribute]; found {
		r := reader{row: out.Item}
		ttl := r.integer(lambdas.TTLAttribute)
		if r.err != nil {
			return nil, fmt.Errorf("stored row: %w", r.err)
		}
		if !alive(ttl, now) {
			return nil, ErrNotFound
		}
	}
	return out.Item, nil
}

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{lambdas.KeyAttribute: text(id)}
}

// Item reads an item. It fails with ErrNotFound.
func (s *Store) Item(ctx context.Context, id string, now time.Time) (*Item, error) {
	row, err := s.row(ctx, id, now)
	if err != nil {
		return nil, err
	}
	return itemOf(row)
}

// Create writes an item whose id is the caller's alone. It reports whether the
// item stood there before: then an earlier try of the same write, by this
// invocation or by one that died, has made it, for nobody else knows the id.
func (s *Store) Create(ctx context.Context, item *Item) (stood bool, err error) {
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.table, Item: item.row(),
		ConditionExpression:      aws.String("attribute_not_exists(#id)"),
		ExpressionAttributeNames: map[string]string{"#id": lambdas.KeyAttribute},
	})
	err = storeError(ctx, "PutItem", err)
	if errors.Is(err, errCondition) {
		return true, nil
	}
	return false, err
}

// Update replaces what a client decides about the item, if the item is there
// at that version, and returns it as it is then. write is a token of this
// update alone. It fails with ErrNotFound or ErrVersion.
func (s *Store) Update(ctx context.Context, id string, version int64, draft Draft, write string, now time.Time) (*Item, error) {
	in := &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: key(id), ReturnValues: types.ReturnValueAllNew,
		ConditionExpression: aws.String("#version = :old AND (attribute_not_exists(#ttl) OR #ttl > :now)"),
		ExpressionAttributeNames: map[string]string{
			"#name": nameAttribute, "#status": lambdas.StatusKey, "#updated": updatedAttribute, "#write": writeAttribute,
			"#version": versionAttribute, "#ttl": lambdas.TTLAttribute, "#attributes": attributesAttribute,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":name": text(draft.Name), ":status": text(draft.Status), ":updated": text(timestamp(now)), ":write": text(write),
			":old": integer(version), ":new": integer(version + 1), ":now": integer(now.Unix()),
		},
	}
	set, remove := "SET #name = :name, #status = :status, #updated = :updated, #version = :new, #write = :write", []string{}
	if draft.Attributes != nil {
		set += ", #attributes = :attributes"
		in.ExpressionAttributeValues[":attributes"] = &types.AttributeValueMemberM{Value: draft.Attributes}
	} else {
		remove = append(remove, "#attributes")
	}
	if draft.TTL != 0 {
		set += ", #ttl = :ttl"
		in.ExpressionAttributeValues[":ttl"] = integer(draft.TTL)
	} else {
		remove = append(remove, "#ttl")
	}
	if len(remove) > 0 {
		set += " REMOVE " + strings.Join(remove, ", ")
	}
	in.UpdateExpression = &set
	out, err := s.client.UpdateItem(ctx, in)
	err = storeError(ctx, "UpdateItem", err)
	if errors.Is(err, errCondition) {
		return s.whyNotUpdated(ctx, id, write, now)
	}
	if err != nil {
		return nil, err
	}
	return itemOf(out.Attributes)
}

// whyNotUpdated tells an absent item from one at another version. A third case
// looks like the second: the update went through, its answer was lost, and the
// SDK's next try met the new version. The token tells it.
func (s *Store) whyNotUpdated(ctx context.Context, id, write string, now time.Time) (*Item, error) {
	row, err := s.row(ctx, id, now)
	if err != nil {
		return nil, err
	}
	if token, ok := row[writeAttribute].(*types.AttributeValueMemberS); ok && token.Value == write {
		return itemOf(row)
	}
	return nil, ErrVersion
}

// Delete removes an item. It fails with ErrNotFound; so does a delete whose
// first answer was lost, for nothing is left that could tell it from a second
// delete. The item is gone either way.
func (s *Store) Delete(ctx context.Context, id string, now time.Time) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.table, Key: key(id),
		ConditionExpression:       aws.String("attribute_exists(#id) AND (attribute_not_exists(#ttl) OR #ttl > :now)"),
		ExpressionAttributeNames:  map[string]string{"#id": lambdas.KeyAttribute, "#ttl": lambdas.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": integer(now.Unix())},
	})
	err = storeError(ctx, "DeleteItem", err)
	if errors.Is(err, errCondition) {
		return ErrNotFound
	}
	return err
}
