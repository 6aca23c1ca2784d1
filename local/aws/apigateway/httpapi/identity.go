package httpapi

import (
	"fmt"
	"strings"
)

// identity are the values of an authorizer's identity sources, in their order.
// An error names the first one that the request has not; one that is empty is
// missing too
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

// sourceValue is the value of one selection expression. The name of a header is
// matched without case, that of a query parameter with it
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
