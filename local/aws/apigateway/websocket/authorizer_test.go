package websocket

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/lambda"
)

// policy returns an authorizer's answer.
func policy(effect, resource, context string) string {
	return fmt.Sprintf(`{"principalId":"user|a1","context":%s,"policyDocument":{"Version":"2012-10-17","Statement":[{"Action":["execute-api:Invoke"],"Effect":%q,"Resource":[%q]}]}}`, context, effect, resource)
}

const connectARN = "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/prod/$connect"

func TestAuthorizerAllows(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.guard("route.request.querystring.token", "route.request.header.X-Tenant")
	f.answer("authorizer", policy("Allow", connectARN, `{"tenant":"acme","seats":12,"share":1.50,"admin":true}`))
	c, _, err := websocket.Dial(t.Context(), f.url+"?token=t1", &websocket.DialOptions{HTTPHeader: http.Header{"X-Tenant": {"acme"}}})
	if err != nil {
		t.Fatal(err)
	}
	asked := f.next(t, "authorizer")
	if want := "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/authorizers/auth01"; asked.source != want {
		t.Errorf("source %s, want %s", asked.source, want)
	}
	if asked.event.QueryStringParameters["token"] != "t1" || asked.event.Headers["X-Tenant"] != "acme" {
		t.Errorf("event %s", asked.payload)
	}
	connected := f.next(t, "$connect")
	if connected.source != connectARN {
		t.Errorf("source %s, want %s", connected.source, connectARN)
	}
	write(t, c, "x")
	message := f.next(t, "$default")
	c.Close(websocket.StatusNormalClosure, "")
	left := f.next(t, "$disconnect")
	want := map[string]any{"principalId": "user|a1", "tenant": "acme", "seats": "12", "share": "1.50", "admin": "true"}
	for _, i := range []invocation{connected, message, left} {
		if diff := cmp.Diff(any(want), i.event.RequestContext.Authorizer); diff != "" {
			t.Errorf("%s: authorizer: %s", i.function, diff)
		}
		if i.event.RequestContext.ConnectionID != asked.event.RequestContext.ConnectionID {
			t.Errorf("%s: another connection than the authorizer's", i.function)
		}
	}
}

func TestAuthorizerRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(invocation) (lambda.Result, error)
		want   int
		log    string
	}{
		{"allow of the API", answers(policy("Allow", "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/*", "{}")), 0, ""},
		{"deny", answers(policy("Deny", connectARN, "{}")), 403, ""},
		{"allow of another stage", answers(policy("Allow", strings.Replace(connectARN, "prod", "dev", 1), "{}")), 403, ""},
		{"deny besides allow", answers(strings.Replace(policy("Allow", "*", "{}"), `[{"Action"`, `[{"Action":"*","Effect":"Deny","Resource":"*"},{"Action"`, 1)), 403, ""},
		{"Unauthorized", failing("Unauthorized"), 401, ""},
		{"unauthorized in other letters", failing("unauthorized"), 500, "unauthorized"},
		{"other error", failing("no key"), 500, "no key"},
		{"simple response", answers(`{"isAuthorized":true}`), 500, "lacks principalId"},
		{"no principal", answers(strings.Replace(policy("Allow", "*", "{}"), "user|a1", "", 1)), 500, "lacks principalId"},
		{"no JSON", answers(`allow`), 500, "must be"},
		{"list in the context", answers(policy("Allow", "*", `{"roles":["a"]}`)), 500, `"roles"`},
		{"null in the context", answers(policy("Allow", "*", `{"roles":null}`)), 500, `"roles"`},
		{"malformed policy", answers(policy("Maybe", "*", "{}")), 500, "Maybe"},
		{"8 KB", answers(policy("Allow", "*", `{"a":"`+strings.Repeat("b", 8<<10)+`"}`)), 500, "at most 8192"},
		{"throttled", func(invocation) (lambda.Result, error) { return lambda.Result{}, lambda.ErrThrottled }, 500, "auth01"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			f.guard("route.request.querystring.token")
			f.do("authorizer", test.answer)
			if test.want == 0 {
				c, _, err := websocket.Dial(t.Context(), f.url+"?token=t1", nil)
				if err != nil {
					t.Fatal(err)
				}
				c.CloseNow()
				return
			}
			res := f.refused(t, "?token=t1")
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != test.want {
				t.Errorf("status %d, want %d", res.StatusCode, test.want)
			}
			if test.log != "" {
				if err := f.log(t); !strings.Contains(err.Error(), test.log) {
					t.Errorf("log %v, want %s", err, test.log)
				}
				if strings.Contains(string(body), test.log) {
					t.Errorf("the client gets %s", body)
				}
			}
			f.next(t, "authorizer")
			f.quiet(t)
		})
	}
}

func failing(message string) func(invocation) (lambda.Result, error) {
	return func(invocation) (lambda.Result, error) {
		return lambda.Result{Payload: []byte(`{"errorMessage":"` + message + `","errorType":"errorString"}`), FunctionError: "Unhandled"}, nil
	}
}

// TestIdentitySources sends requests without an identity source: the function
// must not be called.
func TestIdentitySources(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source string
		query  string
		want   int
	}{
		{"absent query", "route.request.querystring.token", "", 401},
		{"empty query", "route.request.querystring.token", "?token=", 401},
		{"query of another case", "route.request.querystring.token", "?Token=a", 401},
		{"absent header", "route.request.header.Auth", "", 401},
		{"absent variable", "stageVariables.key", "", 401},
		{"unknown source", "context.identity.sourceIp", "", 500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			f.guard(test.source)
			if res := f.refused(t, test.query); res.StatusCode != test.want {
				t.Errorf("status %d, want %d", res.StatusCode, test.want)
			}
			f.quiet(t)
		})
	}
}

// TestIdentityHeader checks that the case of the header's name does not matter.
func TestIdentityHeader(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.guard("route.request.header.AUTH", "route.request.header.sec-websocket-protocol", "stageVariables.key")
	f.change(func(s *Stage) { s.Variables = map[string]string{"key": "v"} })
	f.answer("authorizer", policy("Allow", "*", "null"))
	c, _, err := websocket.Dial(context.WithoutCancel(t.Context()), f.url, &websocket.DialOptions{HTTPHeader: http.Header{"Auth": {"x"}}, Subprotocols: []string{"p"}})
	if err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
}
