package inspect

import (
	"net/http"

	"skiff/local/aws/apigateway/websocket"
	"skiff/local/store"
)

// Watched are the sources of the requests, the connections and the picture of a
// cloud.
type Watched struct {
	Store    *store.Store
	Sockets  *websocket.Gateway
	Recorder *Recorder
	Gateway  func() http.Handler // replayed requests go through it
}

// Connections returns the WebSocket clients, in the order in which they
// connected.
func (i *Inspector) Connections() []websocket.Client { return i.o.Sockets.Clients() }
