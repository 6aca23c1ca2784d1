package websocket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"skiff/local/aws/apigateway/payload"
	"skiff/local/aws/lambda"
)

// An answer is what a route's function returned
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format).
// Its body is ignored, because only a route response would send it.
type answer struct {
	status int
	header http.Header
}

// errFunction means that the function returned an error or an invalid answer.
var errFunction = errors.New("the function failed")

// integrate calls the function of a route.
func (g *Gateway) integrate(s Stage, r Route, e event) (answer, error) {
	if r.FunctionARN == "" {
		return answer{}, fmt.Errorf("route %s has no integration", r.Key)
	}
	result, err := g.invoke(r.FunctionARN, s.arn(r.Key), r.Timeout, e)
	if err != nil {
		return answer{}, fmt.Errorf("route %s: %w", r.Key, err)
	}
	if result.FunctionError != "" {
		return answer{}, fmt.Errorf("route %s: %w: %s: %s", r.Key, errFunction, result.FunctionError, result.Payload)
	}
	a, err := readAnswer(result.Payload)
	if err != nil {
		return answer{}, fmt.Errorf("route %s: %w: its answer: %w", r.Key, errFunction, err)
	}
	return a, nil
}

// invoke waits until a function ends, even if the client leaves meanwhile.
func (g *Gateway) invoke(function, source string, timeout time.Duration, e any) (lambda.Result, error) {
	sent, err := payload.Encode(e)
	if err != nil {
		return lambda.Result{}, err
	}
	if timeout <= 0 || timeout > maxTimeout {
		timeout = maxTimeout
	}
	ctx, cancel := context.WithTimeout(g.base, timeout)
	defer cancel()
	return g.options.Invoke(ctx, function, source, sent)
}

// readAnswer parses an object with a statusCode and no unknown members. After
// any other answer the client gets an error message (recorded,
// https://github.com/middyjs/middy/issues/1219).
func readAnswer(payload []byte) (answer, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(payload, &members); err != nil || members == nil {
		return answer{}, fmt.Errorf(`must be {"statusCode": 200}: %.100s`, payload)
	}
	var headers map[string]any
	var lists map[string][]any
	a := answer{header: http.Header{}}
	for name, value := range members {
		var err error
		switch name {
		case "statusCode":
			a.status, err = readStatus(value)
		case "headers":
			err = json.Unmarshal(value, &headers)
		case "multiValueHeaders":
			err = json.Unmarshal(value, &lists)
		case "body":
			err = json.Unmarshal(value, new(string))
		case "isBase64Encoded":
			err = json.Unmarshal(value, new(bool))
		default:
			err = errors.New("is not allowed in an answer")
		}
		if err != nil {
			return answer{}, fmt.Errorf("%q: %w", name, err)
		}
	}
	if a.status == 0 {
		return answer{}, errors.New(`lacks "statusCode"`)
	}
	for name, values := range lists {
		for _, v := range values {
			a.header.Add(name, fmt.Sprint(v))
		}
	}
	for name, v := range headers {
		if a.header.Get(name) == "" {
			a.header.Set(name, fmt.Sprint(v))
		}
	}
	return a, nil
}

// readStatus accepts a number, or a string with a number as proxy integrations
// do.
func readStatus(value json.RawMessage) (int, error) {
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	status, err := strconv.Atoi(text)
	if err != nil || status < 100 || status > 599 {
		return 0, fmt.Errorf("%s is not a status", value)
	}
	return status, nil
}
