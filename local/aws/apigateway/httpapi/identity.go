package httpapi

import (
	"fmt"
	"strings"
)

// identity returns the values of an authorizer's identity sources, in order. If
// the request lacks one, the error names it. An empty value counts as missing
// (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html).
func (c *call) identity(sources []string) ([]string, error) {
	values := make([]string, len(sources))
	for i, source := range sources {
		if values[i] = c.sourceValue(source); values[i] == "" {
			return nil, fmt.Errorf("the request lacks the identity source %s", source)
		}
	}
	return values, nil
}

// sourceValue returns the value of one selection expression. The case of a
// header's name does not matter; the case of a query parameter's name does
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html).
func (c *call) sourceValue(source string) string {
	if name, ok := strings.CutPrefix(source, "$request.header."); ok {
		if strings.EqualFold(name, "host") {
			return c.host
		}
		return strings.Join(c.request.Header.Values(name), ", ") // as in the event
	}
	if name, ok := strings.CutPrefix(source, "$request.querystring."); ok {
		return queryParameters(c.request.URL.RawQuery)[name]
	}
	if name, ok := strings.CutPrefix(source, "$stageVariables."); ok {
		return c.stage.Variables[name]
	}
	name, _ := strings.CutPrefix(source, "$context.")
	return c.requestValue(name)
}
