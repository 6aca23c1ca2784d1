package list

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/items"
	"skiff/lambdas/names"
)

const (
	keyID        = "cursor#key" // no item's: an item's id has no #
	keyAttribute = "key"
	keyBytes     = 32
)

// keyring holds the one key that signs all cursors. It lies in the table, so
// that every process has the same and no setting carries a secret.
type keyring struct {
	store  *items.Store
	random io.Reader
}

// key reads the key, and makes it when the table has none. Of processes that
// make one at once, the first to write wins and the others read it.
func (k keyring) key(ctx context.Context) ([]byte, error) {
	key, err := k.read(ctx)
	if errors.Is(err, items.ErrNotFound) {
		if err := k.make(ctx); err != nil {
			return nil, err
		}
		key, err = k.read(ctx)
	}
	return key, err
}

func (k keyring) read(ctx context.Context) ([]byte, error) {
	row, err := k.store.Constant(ctx, keyID)
	if err != nil {
		return nil, err
	}
	r := items.Reader{Row: row}
	key := r.Bytes(keyAttribute)
	if r.Err == nil && len(key) != keyBytes {
		r.Err = fmt.Errorf("%s is not %d bytes long", keyAttribute, keyBytes)
	}
	if r.Err != nil {
		return nil, fmt.Errorf("stored cursor key: %w", r.Err)
	}
	return key, nil
}

func (k keyring) make(ctx context.Context) error {
	key := make([]byte, keyBytes)
	if _, err := io.ReadFull(k.random, key); err != nil {
		return fmt.Errorf("randomness: %w", err)
	}
	err := k.store.Put(ctx, &dynamodb.PutItemInput{
		Item: map[string]types.AttributeValue{
			names.KeyAttribute: items.Text(keyID),
			keyAttribute:       &types.AttributeValueMemberB{Value: key},
		},
		ConditionExpression:      aws.String("attribute_not_exists(#id)"),
		ExpressionAttributeNames: map[string]string{"#id": names.KeyAttribute},
	})
	if errors.Is(err, items.ErrCondition) {
		return nil // another process was first
	}
	return err
}
