package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/lambda"
	pages "skiff/local/console" // console is the terminal here
)

// queuePath is the path of the queues' URLs at the gateway, for clients that
// call a queue where its URL is.
const queuePath = "/_queues"

// Gateway is what clients of the APIs talk to: requests, WebSocket clients, and
// the functions that post to these. Queues answer at their URLs, too, and the
// console at its path.
func (c *Cloud) Gateway() *http.Server {
	server := c.gateway().Server()
	page, err := pages.New(pages.Options{Cloud: c.inspector, Stack: c.o.Root.Project + "/" + c.o.Root.Stack, URL: c.o.URL})
	if err != nil {
		c.show("gateway: the console: %v\n", err)
		server.Handler = http.HandlerFunc(c.serve)
		return server
	}
	server.RegisterOnShutdown(page.Close)
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page.Serves(r) {
			page.ServeHTTP(w, r)
			return
		}
		c.serve(w, r)
	})
	return server
}

// ConsoleURL is where the console is.
func (c *Cloud) ConsoleURL() string { return c.o.URL + pages.Path }

func (c *Cloud) newGateway() *httpapi.Gateway {
	return httpapi.New(httpapi.Options{
		Find:    c.apis.FindHTTP,
		Verify:  c.issuer.Verify,
		Invoke:  c.invoke,
		Observe: c.recorder.Exchange,
		AccessLog: func(group, stream string, line []byte) {
			if err := c.groups.Write(group, stream, line); err != nil {
				c.show("gateway: access log: %v\n", err)
			}
		},
		Log: func(requestID string, err error) { c.show("gateway: request %s: %v\n", requestID, err) },
	})
}

// serve answers a request of a client of an API, or of a queue.
func (c *Cloud) serve(w http.ResponseWriter, r *http.Request) {
	place, err := c.apis.Locate(r)
	switch {
	case isQueueCall(r) && !errors.Is(err, httpapi.ErrHost):
		c.queueCalls().ServeHTTP(w, r)
	case place.Socket != nil:
		c.sockets.Serve(w, r, *place.Socket, err)
	default:
		c.gateway().Serve(w, r, place.HTTP, err)
	}
}

// Listen lets a gateway speak TLS, too, with the certificates of its domains.
func (c *Cloud) Listen(l net.Listener) net.Listener {
	return httpapi.Listen(l, httpapi.TLSOptions{
		Certificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return c.apis.Certificate(hello) },
		Failed:      func(err error) { c.show("gateway: %v\n", err) },
	})
}

func (c *Cloud) invoke(ctx context.Context, function, source string, payload []byte) (lambda.Result, error) {
	return c.functions.Invoke(ctx, function, "apigateway.amazonaws.com", source, payload)
}

// Entry is a route of the API of the stack that is served.
type Entry struct {
	Path    string // of the stage, "" for $default
	Key     string // of the route
	Guarded bool
	Open    bool // at the gateway's own address, and not at a domain alone
}

// Entries are the routes of the API of the stack that is served.
func (c *Cloud) Entries() ([]Entry, error) {
	stages, open, err := c.apis.Root()
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, s := range stages {
		path := ""
		if s.Name != "$default" {
			path = "/" + s.Name
		}
		for _, r := range s.Routes {
			entries = append(entries, Entry{path, r.Key, r.Authorizer != nil, open})
		}
	}
	return entries, nil
}

// SocketURLs are where clients of the WebSocket APIs connect.
func (c *Cloud) SocketURLs() ([]string, error) { return c.apis.SocketURLs() }

// DomainNames are the names that APIs answer at, too.
func (c *Cloud) DomainNames() ([]string, error) { return c.apis.DomainNames() }

// Seed puts a random value into each secret of a stack that has none, and
// returns their names: on this machine nobody else does. A secret that the stack
// gets later has one at once, and whoever watches the cloud serve sees its name.
func (c *Cloud) Seed(project, stack string) ([]string, error) {
	return c.secrets.Seed("urn:pulumi:"+stack+"::"+project+"::", func(name string) { c.show("secret %s is new and has a random value\n", name) })
}

// CAFile is the certificate of the authority that the domains' certificates are
// signed by, as PEM.
func (c *Cloud) CAFile() string { return c.certificates.CAFile() }
