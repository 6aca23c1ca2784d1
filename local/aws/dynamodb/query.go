package dynamodb

import (
	"regexp"

	"github.com/go-json-experiment/json"

	"skiff/local/aws/awserr"
)

// valueName matches the name of a value in an expression.
var valueName = regexp.MustCompile(`:\w+`)

// checkQuery refuses a Query with an empty key value, as DynamoDB does
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
// The engine would return no items instead of an error.
func checkQuery(body []byte) error {
	var call struct {
		KeyConditionExpression    string
		ExpressionAttributeValues map[string]struct{ S, B *string }
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return awserr.New("SerializationException", "the request is not the JSON of a call: %w", err)
	}
	for _, name := range valueName.FindAllString(call.KeyConditionExpression, -1) {
		v := call.ExpressionAttributeValues[name]
		if v.S != nil && *v.S == "" || v.B != nil && *v.B == "" {
			return awserr.New("ValidationException", "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value: %s", name)
		}
	}
	return nil
}
