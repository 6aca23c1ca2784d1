package inspect

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/aws/dynamodb"
)

// The plain form of an item is JSON with exact numbers. Types that JSON lacks
// are an object with one member: {"$binary": BASE64}, and for sets {"$strings":
// [...]}, {"$numbers": [...]} or {"$binaries": [...]}. A map that looks like
// one of these objects is written {"$map": {...}}.
const (
	binaryForm   = "$binary"
	stringsForm  = "$strings"
	numbersForm  = "$numbers"
	binariesForm = "$binaries"
	mapForm      = "$map"
)

func isForm(m map[string]any) bool {
	for name := range m {
		return len(m) == 1 && slices.Contains([]string{binaryForm, stringsForm, numbersForm, binariesForm, mapForm}, name)
	}
	return false
}

// plainItem returns an item in its plain form.
func plainItem(item dynamodb.Item) map[string]any {
	m := make(map[string]any, len(item))
	for name, v := range item {
		m[name] = plain(v)
	}
	return m
}

func plain(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return json.Number(v.Value)
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, x := range v.Value {
			list[i] = plain(x)
		}
		return list
	case *types.AttributeValueMemberM:
		m := plainItem(v.Value)
		if isForm(m) {
			return map[string]any{mapForm: m}
		}
		return m
	case *types.AttributeValueMemberB:
		return map[string]any{binaryForm: encode(v.Value)}
	case *types.AttributeValueMemberSS:
		return map[string]any{stringsForm: listOf(v.Value, func(s string) any { return s })}
	case *types.AttributeValueMemberNS:
		return map[string]any{numbersForm: listOf(v.Value, func(s string) any { return json.Number(s) })}
	case *types.AttributeValueMemberBS:
		return map[string]any{binariesForm: listOf(v.Value, func(b []byte) any { return encode(b) })}
	}
	return nil
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func listOf[T any](values []T, one func(T) any) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = one(v)
	}
	return list
}

// dynamoItem returns an item in DynamoDB's JSON:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html.
func dynamoItem(item dynamodb.Item) map[string]any {
	m := make(map[string]any, len(item))
	for name, v := range item {
		m[name] = dynamo(v)
	}
	return m
}

func dynamo(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberL:
		return map[string]any{"L": listOf(v.Value, dynamo)}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": dynamoItem(v.Value)}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": encode(v.Value)}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": listOf(v.Value, func(s string) any { return s })}
	case *types.AttributeValueMemberNS:
		return map[string]any{"NS": listOf(v.Value, func(s string) any { return s })}
	case *types.AttributeValueMemberBS:
		return map[string]any{"BS": listOf(v.Value, func(b []byte) any { return encode(b) })}
	}
	return map[string]any{"NULL": true}
}

// itemOf returns the item with a plain form.
func itemOf(m map[string]any) (dynamodb.Item, error) {
	item := make(dynamodb.Item, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v, err := valueOf(m[name])
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		item[name] = v
	}
	return item, nil
}

func valueOf(v any) (types.AttributeValue, error) {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case string:
		return &types.AttributeValueMemberS{Value: v}, nil
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}, nil
	case json.Number:
		return &types.AttributeValueMemberN{Value: v.String()}, checkNumber(v.String())
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, x := range v {
			var err error
			if list[i], err = valueOf(x); err != nil {
				return nil, fmt.Errorf("entry %d: %w", i, err)
			}
		}
		return &types.AttributeValueMemberL{Value: list}, nil
	case map[string]any:
		if isForm(v) {
			return formOf(v)
		}
		m, err := itemOf(v)
		return &types.AttributeValueMemberM{Value: m}, err
	}
	return nil, fmt.Errorf("%T is not a JSON value", v)
}

// formOf returns the value of a type that JSON lacks.
func formOf(form map[string]any) (types.AttributeValue, error) {
	var name string
	var held any
	for name, held = range form {
	}
	if m, ok := held.(map[string]any); ok && name == mapForm {
		inner, err := itemOf(m)
		return &types.AttributeValueMemberM{Value: inner}, err
	}
	list, isList := held.([]any)
	switch {
	case name == binaryForm:
		b, err := decode(held)
		return &types.AttributeValueMemberB{Value: b}, err
	case !isList || len(list) == 0:
		return nil, fmt.Errorf("%s must be a list with at least one member, because it is a set", name)
	case name == stringsForm:
		set, err := setOf(list, func(v any) (string, error) {
			s, ok := v.(string)
			if !ok {
				return "", fmt.Errorf("%v is not a string", v)
			}
			return s, nil
		})
		return &types.AttributeValueMemberSS{Value: set}, err
	case name == numbersForm:
		set, err := setOf(list, func(v any) (string, error) {
			n, ok := v.(json.Number)
			if !ok {
				return "", fmt.Errorf("%v is not a number", v)
			}
			return n.String(), checkNumber(n.String())
		})
		return &types.AttributeValueMemberNS{Value: set}, err
	}
	set, err := setOf(list, decode)
	return &types.AttributeValueMemberBS{Value: set}, err
}

func setOf[T any](list []any, one func(any) (T, error)) (set []T, err error) {
	for _, v := range list {
		x, err := one(v)
		if err != nil {
			return nil, err
		}
		set = append(set, x)
	}
	return set, nil
}

func decode(v any) ([]byte, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("%v is not base64", v)
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not base64: %w", s, err)
	}
	return b, nil
}

// checkNumber applies DynamoDB's limits: 38 digits, and a range
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
func checkNumber(text string) error {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(strings.TrimLeft(text, "+-")), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	e, ok := new(big.Int).SetString(strings.TrimPrefix(exponent, "+"), 10)
	if exponent == "" {
		e, ok = new(big.Int), true
	}
	if !ok {
		return fmt.Errorf("%s is not a number", text)
	}
	// The number is 0.d1d2... times ten to the power of e.
	e.Add(e, big.NewInt(int64(len(digits)-len(fraction))))
	digits = strings.TrimRight(digits, "0")
	switch {
	case len(digits) > 38:
		return fmt.Errorf("the number %s has more than 38 digits", text)
	case digits != "" && (e.Cmp(big.NewInt(126)) > 0 || e.Cmp(big.NewInt(-129)) < 0):
		return fmt.Errorf("the number %s is too large or too small: DynamoDB accepts 1E-130 to 9.9…E+125", text)
	}
	return nil
}
