package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/lambda"
	pages "skiff/local/console" // console means the terminal in this package
)

// queuePath is the path of queue URLs at the gateway, for clients that send
// calls to the queue's URL.
const queuePath = "/_queues"

// Gateway returns the server for clients: HTTP and WebSocket APIs, the
// @connections API, queues at their URLs, and the console.
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

// ConsoleURL returns the URL of the console.
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

// serve answers requests for HTTP APIs, WebSocket APIs and queues.
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

// Listen adds TLS to the gateway's listener, with the certificates of its
// domains.
func (c *Cloud) Listen(l net.Listener) net.Listener {
	return httpapi.Listen(l, httpapi.TLSOptions{
		Certificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return c.apis.Certificate(hello) },
		Failed:      func(err error) { c.show("gateway: %v\n", err) },
	})
}

func (c *Cloud) invoke(ctx context.Context, function, source string, payload []byte) (lambda.Result, error) {
	return c.functions.Invoke(ctx, function, "apigateway.amazonaws.com", source, payload)
}

// Entry is a route of an API of the served stack.
type Entry struct {
	Path    string // of the stage; "" for $default
	Key     string // of the route
	Guarded bool
	Open    bool // reachable at the gateway's own address, not only at a custom domain
}

// Entries returns the routes of the API of the served stack.
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

// SocketURLs returns the URLs that clients of the WebSocket APIs connect to.
func (c *Cloud) SocketURLs() ([]string, error) { return c.apis.SocketURLs() }

// DomainNames returns the custom domain names of the APIs.
func (c *Cloud) DomainNames() ([]string, error) { return c.apis.DomainNames() }

// Seed puts a random value into each empty secret of a stack and returns their
// names, because the local cloud has no other source of values. Secrets that
// the stack adds later are seeded when created, and the terminal shows their
// names.
func (c *Cloud) Seed(project, stack string) ([]string, error) {
	return c.secrets.Seed("urn:pulumi:"+stack+"::"+project+"::", func(name string) { c.show("secret %s is new; it now has a random value\n", name) })
}

// CAFile returns the path of the PEM certificate of the authority that signs
// the domains' certificates.
func (c *Cloud) CAFile() string { return c.certificates.CAFile() }

// FunctionZip returns the id of a function and the path of its zip. The name is
// the function's name in AWS or in the program.
func (c *Cloud) FunctionZip(project, stack, dir, name string) (id, zip string, err error) {
	return c.functions.Named("urn:pulumi:"+stack+"::"+project+"::", dir, name)
}

// Debug runs a function under a debugger from now on: see
// lambda.Functions.Debug.
func (c *Cloud) Debug(id string, d lambda.Debugger) error { return c.functions.Debug(id, d) }

// EndDebugging ends the debuggers and the requests that are paused in them.
func (c *Cloud) EndDebugging() { c.functions.EndDebugging() }

// Swap makes the functions of a stack run the current code of their zips: see
// lambda.Functions.Swap.
func (c *Cloud) Swap(project, stack, dir string, zips []string) (swapped, unknown []string, err error) {
	return c.functions.Swap("urn:pulumi:"+stack+"::"+project+"::", dir, zips)
}
