package websocket

import (
	"slices"
	"strings"
	"time"
)

// Client is a client that is connected, for those who watch.
type Client struct {
	ID, API, Stage          string
	ConnectedAt, LastActive time.Time
	SourceIP, UserAgent     string
	Authorizer              map[string]string // what its authorizer said; nil without one
}

// Clients are those that are connected, the longest connected first.
func (g *Gateway) Clients() []Client {
	g.mu.Lock()
	open := make([]*connection, 0, len(g.connections))
	for _, c := range g.connections {
		open = append(open, c)
	}
	g.mu.Unlock() // which is taken after a connection's own
	clients := make([]Client, len(open))
	for i, c := range open {
		clients[i] = Client{
			ID: c.id, API: c.api, Stage: c.stage, ConnectedAt: c.connectedAt, Authorizer: c.authorizer,
			SourceIP: sourceIP(c.request), UserAgent: c.request.UserAgent(),
		}
		c.mu.Lock()
		clients[i].LastActive = c.lastActive
		c.mu.Unlock()
	}
	slices.SortFunc(clients, func(a, b Client) int {
		if by := a.ConnectedAt.Compare(b.ConnectedAt); by != 0 {
			return by
		}
		return strings.Compare(a.ID, b.ID)
	})
	return clients
}
