package authorizer

import (
	"strings"

	"skiff/lambdas/tokens"
)

// request is what an event of either API has in common with the other's.
type request struct {
	Version   string            `json:"version"`   // of an HTTP API
	MethodARN string            `json:"methodArn"` // of a WebSocket API
	Headers   map[string]string `json:"headers"`
	Query     map[string]string `json:"queryStringParameters"`
	Context   struct {
		RequestID    string `json:"requestId"`
		ConnectionID string `json:"connectionId"` // of a WebSocket API
	} `json:"requestContext"`
}

// webSocket tells a WebSocket API's event from that of an HTTP API, and of one
// in the format of REST APIs, which has a methodArn too.
func (r request) webSocket() bool { return r.MethodARN != "" && r.Context.ConnectionID != "" }

func (r request) api() string {
	if r.webSocket() {
		return "websocket"
	}
	return "http"
}

// token is the bearer token that the request carries. A WebSocket client may
// give it as the query parameter token: a browser's has no way to set a header.
// It fails with a *Refusal.
func (r request) token() (string, error) {
	value, found := "", false
	for name, v := range r.Headers {
		if strings.EqualFold(name, "Authorization") {
			if found {
				return "", &Refusal{"several Authorization headers"}
			}
			value, found = v, true
		}
	}
	token := ""
	switch {
	case found:
		parts := strings.Fields(value)
		if len(parts) != 2 || !strings.EqualFold(parts[0], "Bearer") {
			return "", &Refusal{"an Authorization header that is not Bearer TOKEN"}
		}
		token = parts[1]
	case r.webSocket() && r.Query["token"] != "":
		token = r.Query["token"]
	default:
		return "", &Refusal{"no token"}
	}
	if len(token) > tokens.MaxBytes {
		return "", &Refusal{"a token that is too long"}
	}
	return token, nil
}
