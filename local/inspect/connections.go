package inspect

import (
	"skiff/local/aws/apigateway/websocket"
)

// Connections are the WebSocket clients, the longest connected first.
func (i *Inspector) Connections() []websocket.Client { return i.o.Sockets.Clients() }
