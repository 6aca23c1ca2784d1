package inspect

import (
	"net/http"

	"skiff/local/aws/apigateway/websocket"
	"skiff/local/aws/iam"
	"skiff/local/aws/scheduler"
	"skiff/local/store"
)

// Watched is what the requests, the connections and the picture of a cloud are
// made of.
type Watched struct {
	Store     *store.Store
	Authority *iam.Authority
	Sockets   *websocket.Gateway
	Recorder  *Recorder
	Gateway   func() http.Handler // that requests are sent through again
	Schedules *scheduler.Scheduler
	UsesFile  string
}

// Connections are the WebSocket clients, the longest connected first.
func (i *Inspector) Connections() []websocket.Client { return i.o.Sockets.Clients() }
