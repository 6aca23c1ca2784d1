package websocket

import (
	"fmt"

	"github.com/coder/websocket"

	"skiff/local/aws/apigateway/payload"
)

// message runs the function of a message's route. The status of its answer does
// not affect the client (recorded for 200, 201, 301, 401 and 501).
func (g *Gateway) message(c *connection, message []byte) {
	requestID := payload.NewID()
	s, ok := g.current(c)
	if !ok {
		// The stage was deleted. What AWS does with its connections is not
		// recorded.
		c.end(websocket.StatusGoingAway, "Going away")
		return
	}
	route, ok := s.route(message)
	if !ok {
		c.complain("Forbidden", requestID)
		return
	}
	if _, err := g.integrate(s, route, c.messageEvent(s, route.Key, requestID, string(message))); err != nil {
		g.options.Log(requestID, err)
		c.complain("Internal server error", requestID)
	}
}

// complain sends an error message to the client.
func (c *connection) complain(message, requestID string) {
	if err := c.send([]byte(c.complaint(message, requestID))); err != nil {
		c.gateway.options.Log(requestID, err)
	}
}

// complaint returns the text of an error from the gateway. It is recorded with
// its exact spaces for messages, but not for answers to a handshake.
func (c *connection) complaint(message, requestID string) string {
	return fmt.Sprintf(`{"message": "%s", "connectionId":"%s", "requestId":"%s"}`, message, c.id, requestID)
}
