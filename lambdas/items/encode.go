package items

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends the item as the API shows it. Keys of attributes are
// sorted: DynamoDB does not keep their order.
// It fails on a row that no handler wrote.
func (i *Item) AppendJSON(b []byte) ([]byte, error) {
	b = appendMember(b, `{"id":`, i.ID)
	b = appendMember(b, `,"name":`, i.Name)
	b = appendMember(b, `,"status":`, i.Status)
	if i.Attributes != nil {
		var err error
		if b, err = appendObject(append(b, `,"attributes":`...), i.Attributes); err != nil {
			return nil, err
		}
	}
	if i.TTL != 0 {
		b = strconv.AppendInt(append(b, `,"ttl":`...), i.TTL, 10)
	}
	b = appendMember(b, `,"createdAt":`, i.CreatedAt)
	b = appendMember(b, `,"updatedAt":`, i.UpdatedAt)
	b = strconv.AppendInt(append(b, `,"version":`...), i.Version, 10)
	return append(b, '}'), nil
}

func appendMember(b []byte, start, value string) []byte {
	return append(append(b, start...), quote(value)...)
}

func appendObject(b []byte, object map[string]types.AttributeValue) ([]byte, error) {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for n, name := range names {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(append(b, quote(name)...), ':')
		var err error
		if b, err = appendValue(b, object[name]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendValue fails on the types of DynamoDB that JSON does not have: no
// handler writes them.
func appendValue(b []byte, value types.AttributeValue) ([]byte, error) {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return jsontext.AppendQuote(b, v.Value)
	case *types.AttributeValueMemberN:
		number, _ := parseDecimal(v.Value)
		return append(b, number.String()...), nil
	case *types.AttributeValueMemberBOOL:
		return strconv.AppendBool(b, v.Value), nil
	case *types.AttributeValueMemberNULL:
		return append(b, "null"...), nil
	case *types.AttributeValueMemberM:
		return appendObject(b, v.Value)
	case *types.AttributeValueMemberL:
		b = append(b, '[')
		for n, element := range v.Value {
			if n > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendValue(b, element); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	return nil, fmt.Errorf("stored item: attributes hold a %T", value)
}
