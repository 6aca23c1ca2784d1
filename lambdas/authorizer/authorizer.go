// Package authorizer is the function that decides on bearer tokens, for the
// routes of the HTTP API and for the clients of the WebSocket API.
package authorizer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/function"
	"skiff/lambdas/names"
)

// Verifier tells whose a token is. It fails with a *Refusal for a token that
// is not good, and with any other error when it cannot tell.
type Verifier interface {
	Subject(ctx context.Context, token string) (string, error)
}

// Refusal says why a token is not good. Its text holds nothing of the token.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// errUnauthorized has the one text that a WebSocket API makes a 401 of.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
var errUnauthorized = errors.New("Unauthorized")

// Authorizer decides on tokens.
type Authorizer struct {
	Tokens Verifier
	Log    *slog.Logger
}

// Open makes what Lambda calls: an authorizer of the issuer's tokens where
// TOKEN_ISSUER is set, and else of those signed with the stack's own key. It
// fails when a variable is missing.
func Open(e function.Environment) (any, error) {
	a := &Authorizer{Log: e.Log}
	var err error
	if e.Getenv(names.IssuerVariable) != "" {
		a.Tokens, err = newIssuer(e)
	} else {
		a.Tokens, err = newKey(e)
	}
	return a.Handle, err
}

// Handle answers an HTTP API, which asks in payload format 2.0, with a simple
// response, and a WebSocket API with a policy: it knows no other. When it
// cannot tell whether a token is good it fails, which is a 500 to the client;
// neither API lets an authorizer answer 503.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
func (a *Authorizer) Handle(ctx context.Context, raw json.RawMessage) (response any, err error) {
	defer func() {
		if err != nil && !errors.Is(err, errUnauthorized) {
			a.Log.Error("cannot decide", "error", err.Error())
		}
	}()
	defer function.Catch(&err)
	r, err := requestOf(raw)
	if err != nil {
		return nil, err
	}
	subject, err := a.decide(ctx, r)
	allowed := err == nil
	var refusal *Refusal
	if !allowed && !errors.As(err, &refusal) {
		return nil, err
	}
	line := []any{"requestId", r.Context.RequestID, "api", r.api(), "allowed", allowed}
	if allowed {
		line = append(line, "subject", subject)
	} else {
		line = append(line, "reason", refusal.Reason)
	}
	a.Log.Info("decision", line...)
	if r.webSocket() {
		return policy(r.MethodARN, subject, allowed)
	}
	answer := events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: allowed}
	if allowed {
		answer.Context = told(subject)
	}
	return answer, nil
}

// decide returns the subject of the request's token.
func (a *Authorizer) decide(ctx context.Context, r request) (string, error) {
	token, err := r.token()
	if err != nil {
		return "", err
	}
	return a.Tokens.Subject(ctx, token)
}

// told is what the functions behind the API are told of the client.
func told(subject string) map[string]any { return map[string]any{names.SubjectContext: subject} }

// policy lets a client connect, or refuses it with 401: without a good token
// there is nobody to whom something could be forbidden.
func policy(methodARN, subject string, allowed bool) (any, error) {
	if !allowed {
		return nil, errUnauthorized
	}
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: subject,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17",
			Statement: []events.IAMPolicyStatement{
				{Effect: "Allow", Action: []string{"execute-api:Invoke"}, Resource: []string{methodARN}},
			},
		},
		Context: told(subject),
	}, nil
}

// requestOf reads the event. Members that it does not know are AWS's affair.
func requestOf(raw json.RawMessage) (request, error) {
	var r request
	if err := json.Unmarshal(raw, &r); err != nil {
		return request{}, fmt.Errorf("the event is not one of an authorizer: %w", err)
	}
	if r.Version != "2.0" && !r.webSocket() {
		return request{}, errors.New("the event is of payload format 1.0; set the authorizer's to 2.0")
	}
	return r, nil
}
