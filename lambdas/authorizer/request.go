package authorizer

import (
	"strings"

	"skiff/lambdas/tokens"
)

// request has the members of an event that both APIs need.
type request struct {
	Version   string            `json:"version"`   // set by an HTTP API
	MethodARN string            `json:"methodArn"` // set by a WebSocket API
	Headers   map[string]string `json:"headers"`
	Query     map[string]string `json:"queryStringParameters"`
	Context   struct {
		RequestID    string `json:"requestId"`
		ConnectionID string `json:"connectionId"` // set by a WebSocket API
	} `json:"requestContext"`
}

// webSocket reports whether the event is a WebSocket API's. A REST API's event
// has a methodArn too, but no connection id.
func (r request) webSocket() bool { return r.MethodARN != "" && r.Context.ConnectionID != "" }

func (r request) api() string {
	if r.webSocket() {
		return "websocket"
	}
	return "http"
}

// token returns the request's bearer token. A WebSocket client may send it as
// the query parameter token, because scripts in a browser cannot set a header.
// token fails with a *Refusal.
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
