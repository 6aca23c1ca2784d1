package items

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"skiff/lambdas/names"
)

// What the store answers when nothing is wrong with it. Every other error of
// its calls is a *StoreError.
var (
	ErrNotFound  = errors.New("no such item")
	ErrVersion   = errors.New("another version")
	ErrTooLarge  = errors.New("item too large")
	ErrCondition = errors.New("condition not met") // a handler tells what it means
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
	client *dynamodb.Client
	table  string

	mutex     sync.Mutex
	constants map[string]map[string]types.AttributeValue // by id
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
		return ErrCondition
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

// Row reads the row with that id, consistently. It fails with ErrNotFound
// when there is none, or one whose ttl has passed.
func (s *Store) Row(ctx context.Context, id string, now time.Time) (map[string]types.AttributeValue, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: Key(id), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, storeError(ctx, "GetItem", err)
	}
	if out.Item == nil {
		return nil, ErrNotFound
	}
	if _, found := out.Item[names.TTLAttribute]; found {
		r := Reader{Row: out.Item}
		ttl := r.Integer(names.TTLAttribute)
		if r.Err != nil {
			return nil, fmt.Errorf("stored row: %w", r.Err)
		}
		if !alive(ttl, now) {
			return nil, ErrNotFound
		}
	}
	return out.Item, nil
}

// Item reads an item. It fails with ErrNotFound as Row does.
func (s *Store) Item(ctx context.Context, id string, now time.Time) (*Item, error) {
	row, err := s.Row(ctx, id, now)
	if err != nil {
		return nil, err
	}
	return ItemOf(row)
}

// Constant is Row for a row that never changes once it is written, and has no
// ttl: a process reads it once. Nobody may change what it returns.
func (s *Store) Constant(ctx context.Context, id string) (map[string]types.AttributeValue, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if row, found := s.constants[id]; found {
		return row, nil
	}
	row, err := s.Row(ctx, id, time.Time{})
	if err != nil {
		return nil, err
	}
	if s.constants == nil {
		s.constants = map[string]map[string]types.AttributeValue{}
	}
	s.constants[id] = row
	return row, nil
}

// Put writes a row. It fails with ErrCondition when the input's condition is
// not met. The table's name is filled in, here and in the calls below.
func (s *Store) Put(ctx context.Context, in *dynamodb.PutItemInput) error {
	in.TableName = &s.table
	_, err := s.client.PutItem(ctx, in)
	return storeError(ctx, "PutItem", err)
}

// Update changes a row and returns what the input asks for of it. It fails
// with ErrCondition when the input's condition is not met.
func (s *Store) Update(ctx context.Context, in *dynamodb.UpdateItemInput) (map[string]types.AttributeValue, error) {
	in.TableName = &s.table
	out, err := s.client.UpdateItem(ctx, in)
	if err != nil {
		return nil, storeError(ctx, "UpdateItem", err)
	}
	return out.Attributes, nil
}

// Delete removes a row. It fails with ErrCondition when the input's condition
// is not met.
func (s *Store) Delete(ctx context.Context, in *dynamodb.DeleteItemInput) error {
	in.TableName = &s.table
	_, err := s.client.DeleteItem(ctx, in)
	return storeError(ctx, "DeleteItem", err)
}

// Query reads rows of one partition of the table or an index, at most 1 MB.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
func (s *Store) Query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	in.TableName = &s.table
	out, err := s.client.Query(ctx, in)
	if err != nil {
		return nil, storeError(ctx, "Query", err)
	}
	return out, nil
}
