package table

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/names"
)

// Key returns the key of a row in a table with one kind of rows.
func Key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{names.KeyAttribute: Text(id)}
}

// KindKey returns the key of a row in a table with several kinds of rows.
func KindKey(kind, id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{names.KindAttribute: Text(kind), names.KeyAttribute: Text(id)}
}

// Text returns s as a DynamoDB value.
func Text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// Integer returns n as a DynamoDB value.
func Integer(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// Timestamp returns t as RFC 3339 in UTC. All timestamps have the same length,
// so they sort by time. The range key of an index depends on that.
func Timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// Reader reads attributes of a row and keeps the first error, so the caller
// checks once after all reads. Its errors are logged: they name the attribute
// and never hold a value.
type Reader struct {
	Row map[string]types.AttributeValue
	Err error // the first error
}

// Text returns the attribute with that name, which must be a string.
func (r *Reader) Text(name string) string {
	value, ok := r.Row[name].(*types.AttributeValueMemberS)
	if !ok {
		r.fail(name, "a string")
		return ""
	}
	return value.Value
}

// Integer returns the attribute with that name, which must be a whole number of
// 64 bits.
func (r *Reader) Integer(name string) int64 {
	value, ok := r.Row[name].(*types.AttributeValueMemberN)
	if !ok {
		r.fail(name, "a number")
		return 0
	}
	n, err := strconv.ParseInt(value.Value, 10, 64)
	if err != nil {
		r.fail(name, "a whole number")
	}
	return n
}

// Bytes returns the attribute with that name, which must be binary.
func (r *Reader) Bytes(name string) []byte {
	value, ok := r.Row[name].(*types.AttributeValueMemberB)
	if !ok {
		r.fail(name, "binary")
		return nil
	}
	return value.Value
}

func (r *Reader) fail(name, want string) {
	if r.Err == nil {
		r.Err = fmt.Errorf("%s is not %s", name, want)
	}
}
