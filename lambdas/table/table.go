// Package table reads and writes one DynamoDB table, as the functions use it.
package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"skiff/lambdas/function"
	"skiff/lambdas/names"
)

// What a table answers when nothing is wrong with it. Every other error of its
// calls is a *function.Failure.
var (
	ErrNotFound  = errors.New("no such row")
	ErrTooLarge  = errors.New("row too large")
	ErrCondition = errors.New("condition not met") // the caller knows what it means
)

// Table is one table. Its name is filled into the input of every call.
type Table struct {
	client *dynamodb.Client
	name   string
}

// New is the table that the environment's variable names. It fails when that
// or another variable is missing.
func New(e function.Environment, variable string) (*Table, error) {
	name, err := e.Setting(variable)
	if err != nil {
		return nil, err
	}
	c, err := e.Config("DYNAMODB")
	if err != nil {
		return nil, err
	}
	return &Table{name: name, client: dynamodb.NewFromConfig(c)}, nil
}

// fail sorts the SDK's errors. None of them leaves this package.
func fail(ctx context.Context, action string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch code := api.ErrorCode(); {
		case code == "ConditionalCheckFailedException":
			return ErrCondition
		case code == "ValidationException" && strings.Contains(strings.ToLower(api.ErrorMessage()), "item size"):
			return ErrTooLarge
		}
	}
	return function.Fail(ctx, "dynamodb:"+action, err)
}

// Alive reports whether a row with that ttl, 0 for none, counts as present.
// DynamoDB removes expired rows only within days:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
func Alive(ttl int64, now time.Time) bool {
	return ttl == 0 || ttl > now.Unix()
}

// Row reads the row with that key, consistently. It fails with ErrNotFound
// when there is none, or one whose ttl has passed.
func (t *Table) Row(ctx context.Context, key map[string]types.AttributeValue, now time.Time) (map[string]types.AttributeValue, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, Key: key, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, fail(ctx, "GetItem", err)
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
		if !Alive(ttl, now) {
			return nil, ErrNotFound
		}
	}
	return out.Item, nil
}

// Put writes a row. It fails with ErrCondition when the input's condition is
// not met.
func (t *Table) Put(ctx context.Context, in *dynamodb.PutItemInput) error {
	in.TableName = &t.name
	_, err := t.client.PutItem(ctx, in)
	return fail(ctx, "PutItem", err)
}

// Update changes a row and returns what the input asks for of it. It fails
// with ErrCondition when the input's condition is not met.
func (t *Table) Update(ctx context.Context, in *dynamodb.UpdateItemInput) (map[string]types.AttributeValue, error) {
	in.TableName = &t.name
	out, err := t.client.UpdateItem(ctx, in)
	if err != nil {
		return nil, fail(ctx, "UpdateItem", err)
	}
	return out.Attributes, nil
}

// Delete removes a row and returns what the input asks for of it. It fails
// with ErrCondition when the input's condition is not met.
func (t *Table) Delete(ctx context.Context, in *dynamodb.DeleteItemInput) (map[string]types.AttributeValue, error) {
	in.TableName = &t.name
	out, err := t.client.DeleteItem(ctx, in)
	if err != nil {
		return nil, fail(ctx, "DeleteItem", err)
	}
	return out.Attributes, nil
}

// Query reads rows of one partition of the table or an index, at most 1 MB.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
func (t *Table) Query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	in.TableName = &t.name
	out, err := t.client.Query(ctx, in)
	return out, fail(ctx, "Query", err)
}
