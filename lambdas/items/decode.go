package items

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json/jsontext"

	"skiff/lambdas/api"
	"skiff/lambdas/table"
)

// The limits of an item's JSON.
const (
	maxNameChars = 256
	maxKeys      = 100 // in all of attributes
	maxKeyBytes  = 65535
	maxTTL       = 4102444800 // 2100-01-01, which refuses a time in milliseconds
)

// DecodeDraft decodes the item that a client sends. It reads token by token and
// stops at the first error, before any limit is exceeded. It fails with an
// *api.Problem. It does not check whether the ttl is in the future: CheckTTL
// does.
func DecodeDraft(body []byte) (Draft, error) {
	d := decoder{Tokens: api.NewTokens(body, "an item")}
	draft, err := d.draft()
	if err != nil {
		return Draft{}, err
	}
	if !d.AtEnd() {
		return Draft{}, api.Refuse(api.InvalidJSON, "there is data after the item")
	}
	return draft, nil
}

// decoder checks an item's rules on the tokens of a body.
type decoder struct {
	*api.Tokens
	keys int // read so far in attributes
}

func (d *decoder) draft() (Draft, error) {
	var draft Draft
	token, err := d.Next()
	if err != nil {
		return draft, err
	}
	if token.Kind() != '{' {
		return draft, api.Refuse(api.InvalidBody, "the body is not a JSON object")
	}
	for {
		token, err := d.Next()
		if err != nil {
			return draft, err
		}
		if token.Kind() == '}' {
			break
		}
		if err := d.field(token.String(), &draft); err != nil {
			return draft, err
		}
	}
	if draft.Name == "" || draft.Status == "" {
		return draft, api.Refuse(api.Validation, "name and status are required")
	}
	return draft, nil
}

func (d *decoder) field(name string, draft *Draft) error {
	switch name {
	case "name", "status", "attributes", "ttl":
	default:
		return api.Refuse(api.UnknownField, "an item has name, status, attributes and ttl, nothing else")
	}
	token, err := d.Next()
	if err != nil {
		return err
	}
	switch name {
	case "name":
		draft.Name, err = nameOf(token)
	case "status":
		draft.Status, err = statusOf(token)
	case "ttl":
		draft.TTL, err = ttlOf(token)
	case "attributes":
		if token.Kind() != '{' {
			return api.Refuse(api.Validation, "attributes must be an object")
		}
		draft.Attributes, err = d.object(1)
	}
	return err
}

func nameOf(token jsontext.Token) (string, error) {
	if token.Kind() != '"' {
		return "", api.Refuse(api.Validation, "name must be a string")
	}
	name := token.String()
	switch {
	case strings.TrimSpace(name) == "":
		return "", api.Refuse(api.Validation, "name must not be empty")
	case utf8.RuneCountInString(name) > maxNameChars:
		return "", api.Refuse(api.Validation, "name has more than %d characters", maxNameChars)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", api.Refuse(api.Validation, "name holds a control character")
	}
	return name, nil
}

func statusOf(token jsontext.Token) (string, error) {
	if token.Kind() != '"' || !ValidStatus(token.String()) {
		return "", api.Refuse(api.Validation, "status must be active, done or archived")
	}
	return token.String(), nil
}

// ValidStatus reports whether s is the status of an item.
func ValidStatus(s string) bool { return s == "active" || s == "done" || s == "archived" }

// ttlOf accepts digits only, not 1.9e9.
func ttlOf(token jsontext.Token) (int64, error) {
	wrong := api.Refuse(api.Validation, "ttl must be a time in Unix seconds, before 2100")
	if token.Kind() != '0' {
		return 0, wrong
	}
	ttl, err := strconv.ParseInt(token.String(), 10, 64)
	if err != nil || ttl <= 0 || ttl >= maxTTL {
		return 0, wrong
	}
	return ttl, nil
}

// CheckTTL refuses a ttl that has passed. Decoding does not check this, because
// a client may repeat a create after its item's ttl.
func (d *Draft) CheckTTL(now time.Time) error {
	if !table.Alive(d.TTL, now) {
		return api.Refuse(api.Validation, "ttl must be in the future")
	}
	return nil
}

// object reads the rest of an object after its opening brace.
func (d *decoder) object(depth int) (map[string]types.AttributeValue, error) {
	object := map[string]types.AttributeValue{}
	for {
		token, err := d.Next()
		if err != nil {
			return nil, err
		}
		if token.Kind() == '}' {
			return object, nil
		}
		if d.keys++; d.keys > maxKeys {
			return nil, api.Refuse(api.TooManyKeys, "attributes has more than %d keys", maxKeys)
		}
		name := token.String()
		// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
		if name == "" || len(name) > maxKeyBytes {
			return nil, api.Refuse(api.Validation, "a key of attributes has 1 to %d bytes", maxKeyBytes)
		}
		if object[name], err = d.value(depth); err != nil {
			return nil, err
		}
	}
}

// array reads the rest of an array after its opening bracket.
func (d *decoder) array(depth int) ([]types.AttributeValue, error) {
	array := []types.AttributeValue{}
	for {
		if d.PeekKind() == ']' {
			_, err := d.Next()
			return array, err
		}
		value, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
}

// value reads one value in an object or array at that depth.
func (d *decoder) value(depth int) (types.AttributeValue, error) {
	token, err := d.Next()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return table.Text(token.String()), nil
	case '0':
		number, fits := parseDecimal(token.String())
		if !fits {
			return nil, api.Refuse(api.NumberRange, "a number has more than %d digits or is not within 1e%d and 1e%d",
				maxDigits, minExponent, maxExponent+1)
		}
		return &types.AttributeValueMemberN{Value: number.String()}, nil
	case 't', 'f':
		return &types.AttributeValueMemberBOOL{Value: token.Bool()}, nil
	case 'n':
		return &types.AttributeValueMemberNULL{Value: true}, nil
	}
	if depth++; depth > api.MaxDepth {
		return nil, api.Refuse(api.TooDeep, "attributes has more than %d levels", api.MaxDepth)
	}
	if token.Kind() == '{' {
		object, err := d.object(depth)
		return &types.AttributeValueMemberM{Value: object}, err
	}
	array, err := d.array(depth)
	return &types.AttributeValueMemberL{Value: array}, err
}
