// Package authorizer is the function that checks bearer tokens: for the routes
// of the HTTP API, and for clients that connect to the WebSocket API.
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

// Verifier returns the subject of a token. It fails with a *Refusal when the
// token is not valid, and with another error when it cannot check the token.
type Verifier interface {
	Subject(ctx context.Context, token string) (string, error)
}

// Refusal says why a token is not valid. Reason is logged and holds no part of
// the token.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// errUnauthorized has the exact text for which a WebSocket API answers 401.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
var errUnauthorized = errors.New("Unauthorized")

// Authorizer checks tokens.
type Authorizer struct {
	Tokens Verifier
	Log    *slog.Logger
}

// Open returns the handler that Lambda invokes. If TOKEN_ISSUER is set, it
// accepts the issuer's tokens. Otherwise it accepts tokens that are signed with
// the stack's own key. Open fails when a variable is missing.
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

// Handle answers an HTTP API (payload format 2.0) with a simple response. It
// answers a WebSocket API with a policy, which is the only form that a
// WebSocket API accepts. It fails when the token cannot be checked. The client
// then gets a 500, because an authorizer of either API cannot answer 503.
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
		answer.Context = contextOf(subject)
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

// contextOf returns what API Gateway passes to the functions behind the API.
func contextOf(subject string) map[string]any { return map[string]any{names.SubjectContext: subject} }

// policy returns a policy that lets the client connect. Without a valid token
// the caller is unknown, so the client gets a 401 and not a 403.
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
		Context: contextOf(subject),
	}, nil
}

// requestOf decodes the event. It ignores unknown members, because AWS may add
// some.
func requestOf(raw json.RawMessage) (request, error) {
	var r request
	if err := json.Unmarshal(raw, &r); err != nil {
		return request{}, fmt.Errorf("the event is not an authorizer's: %w", err)
	}
	if r.Version != "2.0" && !r.webSocket() {
		return request{}, errors.New("the event has payload format 1.0; set the authorizer's payload format to 2.0")
	}
	return r, nil
}
