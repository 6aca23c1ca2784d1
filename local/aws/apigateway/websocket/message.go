package websocket

import (
	"fmt"

	"github.com/coder/websocket"

	"skiff/local/aws/apigateway/payload"
)

// message runs the function of a message's route. The status it answers has no
// effect on the client (recorded of 200, 201, 301, 401 and 501).
func (g *Gateway) message(c *connection, message []byte) {
	requestID := payload.NewID()
	s, ok := g.current(c)
	if !ok {
		// The stage was deleted; what AWS does with its connections is not recorded.
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

// complain tells the client of an error.
func (c *connection) complain(message, requestID string) {
	if err := c.send([]byte(c.complaint(message, requestID))); err != nil {
		c.gateway.options.Log(requestID, err)
	}
}

// complaint is the form of everything the gateway says itself: recorded to the
// space of messages to a client, not recorded of answers to its handshake.
func (c *connection) complaint(message, requestID string) string {
	return fmt.Sprintf(`{"message": "%s", "connectionId":"%s", "requestId":"%s"}`, message, c.id, requestID)
}
