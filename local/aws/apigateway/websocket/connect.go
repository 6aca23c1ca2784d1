package websocket

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"skiff/local/aws/apigateway/payload"
)

// A refusal is the status and the message for a refused client. It is not
// logged.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.message) }

// connect connects a client. The authorizer and the $connect function run
// first, and the upgrade follows only if both allow it
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html).
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request, s Stage) {
	if !g.enter() {
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	defer g.running.Done()
	c, requestID := g.newConnection(r, s), payload.NewID()
	header, err := g.admit(c, s, requestID)
	if err != nil {
		g.refuse(w, c, requestID, err)
		return
	}
	if protocol := header.Get("Sec-WebSocket-Protocol"); protocol != "" {
		w.Header().Set("Sec-WebSocket-Protocol", protocol)
	}
	code, reason := c.serve(w)
	// Also for a client that left before the upgrade, because its $connect has
	// run.
	g.disconnect(c, code, reason)
}

// admit checks the handshake and runs the authorizer and the $connect function.
// The header comes from the function's answer.
func (g *Gateway) admit(c *connection, s Stage, requestID string) (http.Header, error) {
	if err := checkHandshake(c.request); err != nil {
		return nil, err
	}
	route, ok := s.Routes["$connect"]
	if !ok {
		return nil, nil
	}
	if route.Authorizer != nil {
		if err := g.authorize(c, s, route.Authorizer, requestID); err != nil {
			return nil, err
		}
	}
	if route.FunctionARN == "" { // the integration of $connect is optional
		return nil, nil
	}
	a, err := g.integrate(s, route, c.connectEvent(s, requestID))
	if err != nil {
		return nil, err
	}
	// The statuses 200, 201, 301, 401 and 501 are recorded; the body is not.
	if a.status < 200 || a.status > 299 {
		return nil, &refusal{a.status, http.StatusText(a.status)}
	}
	return a.header, nil
}

// refuse answers a client that may not connect. 502 for a failed function is
// recorded. 504 for a timeout is the answer of a REST API; it is not recorded
// here, nor is 500 for other errors.
func (g *Gateway) refuse(w http.ResponseWriter, c *connection, requestID string, err error) {
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		g.options.Log(requestID, err)
		switch {
		case errors.Is(err, errFunction):
			refused = &refusal{http.StatusBadGateway, "Internal server error"}
		case errors.Is(err, context.DeadlineExceeded):
			refused = &refusal{http.StatusGatewayTimeout, "Endpoint request timed out"}
		default:
			refused = &refusal{http.StatusInternalServerError, "Internal server error"}
		}
	}
	if refused.status == http.StatusUpgradeRequired {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-RequestId", requestID)
	w.WriteHeader(refused.status)
	_, _ = w.Write([]byte(c.complaint(refused.message, requestID)))
}

// checkHandshake refuses a request that is not a WebSocket handshake, before
// any function runs
// (https://datatracker.ietf.org/doc/html/rfc6455#section-4.2.1). The statuses
// are the RFC's; AWS's are not recorded.
func checkHandshake(r *http.Request) error {
	switch {
	case len(r.RequestURI) > maxURL:
		return &refusal{http.StatusRequestURITooLong, "Request URI Too Long"}
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) ||
		!hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return &refusal{http.StatusUpgradeRequired, "Upgrade Required"}
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return &refusal{http.StatusBadRequest, "Bad Request"}
	}
	keys := r.Header.Values("Sec-WebSocket-Key")
	if len(keys) != 1 {
		return &refusal{http.StatusBadRequest, "Bad Request"}
	}
	if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keys[0])); err != nil || len(key) != 16 {
		return &refusal{http.StatusBadRequest, "Bad Request"}
	}
	return nil
}

func hasToken(h http.Header, name, token string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(h.Values(name), ","), ","), func(s string) bool {
		return strings.EqualFold(strings.TrimSpace(s), token)
	})
}

// disconnect runs $disconnect once, however the connection ended. On AWS this
// is best effort. Here only a gateway whose shutdown times out skips it.
func (g *Gateway) disconnect(c *connection, code websocket.StatusCode, reason string) {
	s, ok := g.current(c)
	if !ok {
		return
	}
	route, ok := s.Routes["$disconnect"]
	if !ok {
		return
	}
	requestID := payload.NewID()
	if _, err := g.integrate(s, route, c.disconnectEvent(s, requestID, code, reason)); err != nil {
		g.options.Log(requestID, err)
	}
}
