package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/authorizer"
	"skiff/lambdas/tokens"
)

const connectARN = "arn:aws:execute-api:us-east-1:" + account + ":abcdef123/staging/$connect"

// decider is the authorizer's handler.
type decider func(context.Context, json.RawMessage) (any, error)

func (w *world) authorizer() decider {
	w.t.Helper()
	handler, err := authorizer.Open(w.environment(patience))
	if err != nil {
		w.t.Fatal(err)
	}
	return handler.(func(context.Context, json.RawMessage) (any, error))
}

// token returns a token that is valid for an hour.
func (w *world) token(subject string) string {
	w.t.Helper()
	token, err := tokens.Sign([]byte(w.services.secrets[tokenARN]), subject, time.Now().Add(time.Hour))
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// authorizeHTTP sends AWS's sample event of an HTTP API with these
// Authorization headers, and with a token in the query.
func (w *world) authorizeHTTP(decide decider, token string, authorization ...string) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
	w.t.Helper()
	raw, err := os.ReadFile("testdata/apigw-v2-custom-authorizer-v2-request.json")
	if err != nil {
		w.t.Fatal(err)
	}
	var event map[string]any
	if err := json.Unmarshal(raw, &event); err != nil {
		w.t.Fatal(err)
	}
	sent := map[string]string{"host": "example.com"}
	for i, value := range authorization {
		sent[[]string{"authorization", "Authorization"}[i]] = value
	}
	event["headers"] = sent
	event["queryStringParameters"] = map[string]string{"token": token}
	answer, err := w.ask(decide, event)
	if err != nil {
		return events.APIGatewayV2CustomAuthorizerSimpleResponse{}, err
	}
	return answer.(events.APIGatewayV2CustomAuthorizerSimpleResponse), nil
}

// authorizeSocket sends the event of a WebSocket API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
func (w *world) authorizeSocket(decide decider, sent, query map[string]string) (events.APIGatewayCustomAuthorizerResponse, error) {
	w.t.Helper()
	answer, err := w.ask(decide, map[string]any{
		"type": "REQUEST", "methodArn": connectARN, "headers": sent, "queryStringParameters": query, "stageVariables": map[string]string{},
		"requestContext": map[string]any{
			"routeKey": "$connect", "eventType": "CONNECT", "connectionId": "TWegAcC4EowCHnA=", "requestId": "request-ws", "stage": "staging",
		},
	})
	if err != nil {
		return events.APIGatewayCustomAuthorizerResponse{}, err
	}
	return answer.(events.APIGatewayCustomAuthorizerResponse), nil
}

func (w *world) ask(decide decider, event any) (any, error) {
	w.t.Helper()
	raw, err := json.Marshal(event)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := decide(context.Background(), raw)
	if err != nil {
		w.checkLeaks("an authorizer's error", err.Error())
	}
	return answer, err
}

func TestAuthorizeHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	decide := w.authorizer()
	good := w.token("someone")
	for name, c := range map[string]struct {
		authorization []string
		allowed       bool
	}{
		"good":            {[]string{"Bearer " + good}, true},
		"scheme in lower": {[]string{"bearer " + good}, true},
		"none":            {nil, false}, // the token in the query is ignored
		"empty":           {[]string{""}, false},
		"bare":            {[]string{good}, false},
		"basic":           {[]string{"Basic " + good}, false},
		"joined":          {[]string{"Bearer " + good + ",Bearer " + good}, false},
		"twice":           {[]string{"Bearer " + good, "Bearer " + good}, false},
		"changed":         {[]string{"Bearer " + good[:len(good)-4] + "AAAA"}, false},
		"too long":        {[]string{"Bearer " + strings.Repeat("a", 8193)}, false},
	} {
		got, err := w.authorizeHTTP(decide, good, c.authorization...)
		if err != nil || got.IsAuthorized != c.allowed || (got.Context["subject"] == "someone") != c.allowed {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	log := w.log.String()
	if strings.Contains(log, good) || !strings.Contains(log, `"allowed":true,"subject":"someone"`) ||
		!strings.Contains(log, `"allowed":false,"reason":"a token that is signed with another key"`) {
		t.Error(log)
	}
	if n := strings.Count(log, `"msg":"decision"`); n != 10 {
		t.Errorf("the log has %d decisions", n)
	}
}

func TestAuthorizeSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	decide := w.authorizer()
	good := w.token("someone")
	for name, c := range map[string]struct {
		headers, query map[string]string
		allowed        bool
	}{
		"query":                     {nil, map[string]string{"token": good}, true},
		"header":                    {map[string]string{"Authorization": "Bearer " + good}, nil, true},
		"none":                      {nil, nil, false},
		"bad query":                 {nil, map[string]string{"token": "x"}, false},
		"a bad header decides":      {map[string]string{"authorization": "Bearer x"}, map[string]string{"token": good}, false},
		"another query's parameter": {nil, map[string]string{"Token": good}, false},
	} {
		got, err := w.authorizeSocket(decide, c.headers, c.query)
		if !c.allowed {
			// With any other text, the client would get a 500.
			if err == nil || err.Error() != "Unauthorized" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			continue
		}
		policy, _ := json.Marshal(got)
		want := fmt.Sprintf(`{"principalId":"someone","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":["execute-api:Invoke"],"Effect":"Allow","Resource":[%q]}]},"context":{"subject":"someone"}}`, connectARN)
		if err != nil || string(policy) != want {
			t.Errorf("%s: %s, %v", name, policy, err)
		}
	}
}

// While the key cannot be read, no token is accepted and the function fails.
// The log says what an operator must do. Once the secret has a value, it is
// used.
func TestAuthorizeWithoutKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.token("someone")
	decide := w.authorizer()
	value := w.services.secrets[tokenARN]
	for name, c := range map[string]struct {
		set  func(*services)
		harm func(string, http.ResponseWriter, *http.Request) bool
		want string
	}{
		"no value": {func(s *services) { delete(s.secrets, tokenARN) }, nil, "secret staging-tokens has no value; put one: go run ./infra/key staging-tokens"},
		"short":    {func(s *services) { s.secrets[tokenARN] = value[:31] }, nil, "secret staging-tokens has a value of fewer than 32 bytes; put one: go run ./infra/key staging-tokens"},
		"denied":   {func(*services) {}, deny("secretsmanager:GetSecretValue"), "secretsmanager:GetSecretValue: AccessDeniedException"},
	} {
		w.services.change(c.set)
		w.services.fault(c.harm)
		if got, err := w.authorizeHTTP(decide, "", "Bearer "+good); err == nil || got.IsAuthorized {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if _, err := w.authorizeSocket(decide, nil, map[string]string{"token": good}); err == nil || err.Error() == "Unauthorized" {
			t.Errorf("%s: %v", name, err)
		}
		if log := w.log.String(); !strings.Contains(log, c.want) {
			t.Errorf("%s: the log does not say %q: %s", name, c.want, log)
		}
	}
	w.services.change(func(s *services) { s.secrets[tokenARN] = value })
	w.services.fault(nil)
	if got, err := w.authorizeHTTP(decide, "", "Bearer "+good); err != nil || !got.IsAuthorized {
		t.Errorf("%+v, %v", got, err)
	}
}

// The authorizer refuses events of other functions and of REST APIs, for which
// its response would be wrong.
func TestAuthorizeForeignEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	decide := w.authorizer()
	good := map[string]string{"Authorization": "Bearer " + w.token("someone")}
	for _, event := range []any{
		map[string]any{}, "text", nil, []int{1}, map[string]any{"version": 2, "headers": good},
		map[string]any{"version": "1.0", "type": "REQUEST", "methodArn": "arn:aws:x", "headers": good},
		map[string]any{"type": "TOKEN", "methodArn": "arn:aws:x", "authorizationToken": good["Authorization"]},
	} {
		if answer, err := w.ask(decide, event); err == nil {
			t.Errorf("%v: %v", event, answer)
		}
	}
}
