package items

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json/jsontext"
)

// MarshalJSON returns the item as the API shows it. It fails for an item with a
// value that no handler can have written.
//
// It writes token by token, because encoding/json would escape U+2028. Package
// github.com/go-json-experiment/json, which encodes structs, would add 600 KB
// to each binary.
func (i Item) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	w := writer{Encoder: jsontext.NewEncoder(&b, jsontext.AllowInvalidUTF8(true))}
	w.put(jsontext.BeginObject)
	w.put(jsontext.String("id"), jsontext.String(i.ID))
	w.put(jsontext.String("name"), jsontext.String(i.Name))
	w.put(jsontext.String("status"), jsontext.String(i.Status))
	if i.Attributes != nil {
		w.put(jsontext.String("attributes"))
		w.object(i.Attributes)
	}
	if i.TTL != 0 {
		w.put(jsontext.String("ttl"), jsontext.Int(i.TTL))
	}
	w.put(jsontext.String("createdAt"), jsontext.String(i.CreatedAt))
	w.put(jsontext.String("updatedAt"), jsontext.String(i.UpdatedAt))
	w.put(jsontext.String("version"), jsontext.Int(i.Version))
	w.put(jsontext.EndObject)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), w.err
}

// writer writes tokens and keeps the first error.
type writer struct {
	*jsontext.Encoder
	err error
}

func (w *writer) put(tokens ...jsontext.Token) {
	for _, token := range tokens {
		if w.err == nil {
			w.err = w.WriteToken(token)
		}
	}
}

// object writes the members sorted by name, because DynamoDB does not keep the
// client's order.
func (w *writer) object(object map[string]types.AttributeValue) {
	w.put(jsontext.BeginObject)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		w.put(jsontext.String(name))
		w.value(object[name])
	}
	w.put(jsontext.EndObject)
}

// number writes a number with all its digits. The library makes number tokens
// only from int64 and float64, which hold fewer digits. A token that is read
// from text keeps the spelling.
func (w *writer) number(stored string) {
	number, _ := parseDecimal(stored)
	token, err := jsontext.NewDecoder(bytes.NewBufferString(number.String())).ReadToken()
	if w.err = err; err == nil {
		w.put(token)
	}
}

// value writes a value. It fails for DynamoDB types that JSON does not have,
// which no handler writes.
func (w *writer) value(value types.AttributeValue) {
	if w.err != nil {
		return
	}
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		w.put(jsontext.String(v.Value))
	case *types.AttributeValueMemberN:
		w.number(v.Value)
	case *types.AttributeValueMemberBOOL:
		w.put(jsontext.Bool(v.Value))
	case *types.AttributeValueMemberNULL:
		w.put(jsontext.Null)
	case *types.AttributeValueMemberM:
		w.object(v.Value)
	case *types.AttributeValueMemberL:
		w.put(jsontext.BeginArray)
		for _, element := range v.Value {
			w.value(element)
		}
		w.put(jsontext.EndArray)
	default:
		w.err = fmt.Errorf("stored item: attributes hold a %T", value)
	}
}
