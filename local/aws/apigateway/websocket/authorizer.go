package websocket

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"skiff/local/aws/iam"
)

// authorize asks the authorizer whether a client may connect. Its context is
// part of all later events. A refused client gets 401 or 403, as documented
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html).
func (g *Gateway) authorize(c *connection, s Stage, a *Authorizer, requestID string) error {
	e := c.authorization(s, requestID)
	for _, source := range a.IdentitySources {
		value, err := e.identity(source)
		if err != nil {
			return fmt.Errorf("authorizer %s: %w", a.ID, err)
		}
		// Without an identity source the function is not called:
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization-with-console.html
		if value == "" {
			return &refusal{http.StatusUnauthorized, "Unauthorized"}
		}
	}
	result, err := g.invoke(a.FunctionARN, s.authorizerARN(a.ID), maxTimeout, e)
	if err != nil {
		return fmt.Errorf("authorizer %s: %w", a.ID, err)
	}
	if result.FunctionError != "" {
		var failure struct{ ErrorMessage string }
		if json.Unmarshal(result.Payload, &failure) == nil && failure.ErrorMessage == "Unauthorized" {
			return &refusal{http.StatusUnauthorized, "Unauthorized"}
		}
		return fmt.Errorf("authorizer %s: %s: %s", a.ID, result.FunctionError, result.Payload)
	}
	verdict, err := readVerdict(result.Payload)
	if err != nil {
		return fmt.Errorf("authorizer %s: its answer %w", a.ID, err)
	}
	request := iam.Request{Action: "execute-api:Invoke", Resource: e.MethodARN}
	if iam.Evaluate([]*iam.Document{verdict.policy}, request) != iam.Allow {
		return &refusal{http.StatusForbidden, "Forbidden"}
	}
	c.authorizer = verdict.context
	return nil
}

// identity returns the value of an identity source, or "" if the request does
// not have it.
func (e authorization) identity(source string) (string, error) {
	if name, ok := strings.CutPrefix(source, "route.request.header."); ok {
		for given, value := range e.Headers {
			if strings.EqualFold(given, name) {
				return value, nil
			}
		}
		return "", nil
	}
	if name, ok := strings.CutPrefix(source, "route.request.querystring."); ok {
		return e.Query[name], nil
	}
	if name, ok := strings.CutPrefix(source, "stageVariables."); ok {
		return e.StageVariables[name], nil
	}
	return "", fmt.Errorf("the local cloud does not know the identity source %q; it knows route.request.header.NAME, route.request.querystring.NAME and stageVariables.NAME", source)
}

// verdict is the response of an authorizer
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html).
type verdict struct {
	policy  *iam.Document
	context map[string]string // includes principalId
}

func readVerdict(payload []byte) (verdict, error) {
	if len(payload) > maxAnswer {
		return verdict{}, fmt.Errorf("has %d bytes; at most %d", len(payload), maxAnswer)
	}
	var answer struct {
		PrincipalID    string                     `json:"principalId"`
		PolicyDocument json.RawMessage            `json:"policyDocument"`
		Context        map[string]json.RawMessage `json:"context"`
	}
	if err := json.Unmarshal(payload, &answer); err != nil {
		return verdict{}, fmt.Errorf("must be {principalId, policyDocument, context}: %w", err)
	}
	if answer.PrincipalID == "" || answer.PolicyDocument == nil {
		return verdict{}, errors.New("lacks principalId or policyDocument")
	}
	policy, err := iam.Parse(string(answer.PolicyDocument), false)
	if err != nil {
		return verdict{}, fmt.Errorf("has an invalid policy: %w", err)
	}
	v := verdict{policy: policy, context: map[string]string{"principalId": answer.PrincipalID}}
	for name, value := range answer.Context {
		text, err := stringify(value)
		if err != nil {
			return verdict{}, fmt.Errorf("has the context %q: %w", name, err)
		}
		v.context[name] = text
	}
	return v, nil
}

// stringify converts a string, a number or a boolean to a string. AWS documents
// this for context values in templates; for events it is not recorded. Other
// values are refused, as AWS documents for objects and lists.
func stringify(value json.RawMessage) (string, error) {
	switch value[0] {
	case '"':
		var text string
		err := json.Unmarshal(value, &text)
		return text, err
	case '{', '[', 'n':
		return "", fmt.Errorf("%s is not a string, number or boolean", value)
	}
	return string(value), nil
}
