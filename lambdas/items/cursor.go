package items

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas"
)

// A cursor is a position in the index and an HMAC-SHA256 of it, in base64url.
const (
	cursorKeyID    = "cursor#key"
	keyAttribute   = "key"
	keyBytes       = 32
	maxCursorChars = 512
)

// position is an item's place in the index.
type position struct{ status, createdAt, id string }

// cursorKey is the key of the table's cursors, once it was read. It never
// changes, so a process reads it once.
type cursorKey struct {
	mutex sync.Mutex
	key   []byte
}

// cursor is the position as a client gets it.
func (s *Store) cursor(ctx context.Context, random io.Reader, p position) (string, error) {
	key, err := s.cursorKey(ctx, random)
	if err != nil {
		return "", err
	}
	// None of the three holds a line end.
	return seal(key, strings.Join([]string{p.status, p.createdAt, p.id}, "\n")), nil
}

func seal(key []byte, text string) string {
	return base64.RawURLEncoding.EncodeToString(append(sign(key, text), text...))
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, text)
	return mac.Sum(nil)
}

// position reads a cursor that was made for a list of that status.
func (s *Store) position(ctx context.Context, random io.Reader, cursor, status string) (*position, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(sealed) <= sha256.Size || len(cursor) > maxCursorChars {
		return nil, badCursor()
	}
	key, err := s.cursorKey(ctx, random)
	if err != nil {
		return nil, err
	}
	return open(key, sealed, status)
}

func open(key, sealed []byte, status string) (*position, error) {
	mac, text := sealed[:sha256.Size], string(sealed[sha256.Size:])
	if !hmac.Equal(mac, sign(key, text)) {
		return nil, badCursor()
	}
	parts := strings.Split(text, "\n")
	if len(parts) != 3 || parts[0] != status {
		return nil, badCursor()
	}
	return &position{status: parts[0], createdAt: parts[1], id: parts[2]}, nil
}

func badCursor() *Problem {
	return refuse(InvalidCursor, "the cursor does not belong to this query; start again without one")
}

// cursorKey reads the key, and makes it when the table has none. Of processes
// that make one at once, the first to write wins and the others read it.
func (s *Store) cursorKey(ctx context.Context, random io.Reader) ([]byte, error) {
	s.cursors.mutex.Lock()
	defer s.cursors.mutex.Unlock()
	if s.cursors.key != nil {
		return s.cursors.key, nil
	}
	key, err := s.readCursorKey(ctx)
	if errors.Is(err, ErrNotFound) {
		if err := s.makeCursorKey(ctx, random); err != nil {
			return nil, err
		}
		key, err = s.readCursorKey(ctx)
	}
	if err != nil {
		return nil, err
	}
	s.cursors.key = key
	return key, nil
}

func (s *Store) readCursorKey(ctx context.Context) ([]byte, error) {
	row, err := s.row(ctx, cursorKeyID, time.Time{})
	if err != nil {
		return nil, err
	}
	r := reader{row: row}
	key := r.bytes(keyAttribute)
	if r.err == nil && len(key) != keyBytes {
		r.fail(keyAttribute, fmt.Sprintf("%d bytes long", keyBytes))
	}
	if r.err != nil {
		return nil, fmt.Errorf("stored cursor key: %w", r.err)
	}
	return key, nil
}

func (s *Store) makeCursorKey(ctx context.Context, random io.Reader) error {
	key := make([]byte, keyBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return fmt.Errorf("randomness: %w", err)
	}
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.table,
		Item: map[string]types.AttributeValue{
			lambdas.KeyAttribute: text(cursorKeyID),
			keyAttribute:         &types.AttributeValueMemberB{Value: key},
		},
		ConditionExpression:      aws.String("attribute_not_exists(#id)"),
		ExpressionAttributeNames: map[string]string{"#id": lambdas.KeyAttribute},
	})
	if err = storeError(ctx, "PutItem", err); errors.Is(err, errCondition) {
		return nil
	}
	return err
}

// newest reads up to limit rows of the index, newest first, and gives those
// that have not expired, with the place to go on from when there may be more.
func (s *Store) newest(ctx context.Context, status string, after *position, limit int, now time.Time) ([]Item, *position, error) {
	in := &dynamodb.QueryInput{
		TableName: &s.table, IndexName: aws.String(lambdas.StatusIndex),
		Limit: aws.Int32(int32(limit)), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:   aws.String("#status = :status"),
		FilterExpression:         aws.String("attribute_not_exists(#ttl) OR #ttl > :now"),
		ExpressionAttributeNames: map[string]string{"#status": lambdas.StatusKey, "#ttl": lambdas.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":status": text(status), ":now": integer(now.Unix()),
		},
	}
	if after != nil {
		in.ExclusiveStartKey = map[string]types.AttributeValue{
			lambdas.StatusKey: text(after.status), lambdas.CreatedKey: text(after.createdAt), lambdas.KeyAttribute: text(after.id),
		}
	}
	out, err := s.client.Query(ctx, in)
	if err != nil {
		return nil, nil, storeError(ctx, "Query", err)
	}
	items := make([]Item, 0, len(out.Items))
	for _, row := range out.Items {
		item, err := itemOf(row)
		if err != nil {
			return nil, nil, err
		}
		items = append(items, *item)
	}
	if out.LastEvaluatedKey == nil {
		return items, nil, nil
	}
	r := reader{row: out.LastEvaluatedKey}
	resume := &position{status: r.text(lambdas.StatusKey), createdAt: r.text(lambdas.CreatedKey), id: r.text(lambdas.KeyAttribute)}
	return items, resume, r.err
}
