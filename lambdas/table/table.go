// Package table reads and writes one DynamoDB table.
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

// Errors that the caller must handle. Every other error of a call is a
// *function.Failure.
var (
	ErrNotFound  = errors.New("no such row")
	ErrTooLarge  = errors.New("row too large")
	ErrCondition = errors.New("condition not met") // the input's condition is not met
)

// Table is a client for one table. It sets the table's name in every call.
type Table struct {
	client *dynamodb.Client
	name   string
}

// New returns the table whose name is in the environment variable. It fails
// when this variable, or one that Config needs, is missing.
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

// fail converts an SDK error to an error of this package. SDK errors never
// leave the package.
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

// Alive reports whether a row with that ttl counts as present. A ttl of 0 means
// that the row does not expire. DynamoDB may take days to delete an expired
// row:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
func Alive(ttl int64, now time.Time) bool {
	return ttl == 0 || ttl > now.Unix()
}

// Row reads the row with that key, with a consistent read. It fails with
// ErrNotFound when there is no row or the row has expired.
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

// Update changes a row and returns the attributes that the input's ReturnValues
// selects. It fails with ErrCondition when the input's condition is not met.
func (t *Table) Update(ctx context.Context, in *dynamodb.UpdateItemInput) (map[string]types.AttributeValue, error) {
	in.TableName = &t.name
	out, err := t.client.UpdateItem(ctx, in)
	if err != nil {
		return nil, fail(ctx, "UpdateItem", err)
	}
	return out.Attributes, nil
}

// Delete deletes a row and returns the attributes that the input's ReturnValues
// selects. It fails with ErrCondition when the input's condition is not met.
func (t *Table) Delete(ctx context.Context, in *dynamodb.DeleteItemInput) (map[string]types.AttributeValue, error) {
	in.TableName = &t.name
	out, err := t.client.DeleteItem(ctx, in)
	if err != nil {
		return nil, fail(ctx, "DeleteItem", err)
	}
	return out.Attributes, nil
}

// Query reads at most 1 MB of one partition of the table or of an index.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
func (t *Table) Query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	in.TableName = &t.name
	out, err := t.client.Query(ctx, in)
	return out, fail(ctx, "Query", err)
}
