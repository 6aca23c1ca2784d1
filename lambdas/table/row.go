package table

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/names"
)

// Key is the key of a row of a table whose rows are all of one kind.
func Key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{names.KeyAttribute: Text(id)}
}

// KindKey is the key of a row of a table that holds several kinds.
func KindKey(kind, id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{names.KindAttribute: Text(kind), names.KeyAttribute: Text(id)}
}

// Text is s as DynamoDB holds it.
func Text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// Integer is n as DynamoDB holds it.
func Integer(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// Timestamp is RFC 3339 in UTC with a fixed number of digits, so that texts
// sort as times do: the range key of an index may depend on it.
func Timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// Reader takes attributes out of a row and keeps the first failure, so that
// who reads many asks once. Its errors name the attribute and never hold a
// value: they go to the log.
type Reader struct {
	Row map[string]types.AttributeValue
	Err error // the first failure
}

// Text is the attribute of that name, which must be a string.
func (r *Reader) Text(name string) string {
	value, ok := r.Row[name].(*types.AttributeValueMemberS)
	if !ok {
		r.fail(name, "a string")
		return ""
	}
	return value.Value
}

// Integer is the attribute of that name, which must be a whole number of 64 bits.
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

// Bytes is the attribute of that name, which must be binary.
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
