// Package cloud assembles the local cloud, which keeps its data in one folder.
// It has providers for the Pulumi engine, a gateway for clients and an endpoint
// for functions.
package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
	"skiff/local/engine/provider"
	"skiff/local/inspect"
	"skiff/local/store"
)

// Account is the account id of the local cloud, unless a program allows other
// accounts only. No AWS account has this id.
const Account = "000000000000"

// Region is the region of resources if a program configures none.
const Region = "us-east-1"

// UsesFile is the file, in the folder of the cloud, that records which rights
// were used: see iam.ReadUses.
const UsesFile = "calls.jsonl"

// grace is the time that running requests have to finish when the cloud closes.
const grace = 35 * time.Second

// Options configure Open.
type Options struct {
	Dir    string          // of all data of the cloud
	URL    string          // of the gateway, such as http://127.0.0.1:8080
	Root   apigateway.Root // the API that answers there without a prefix
	Env    []string        // for the commands that a stack runs
	Cache  string          // folder that all projects of a user share
	Engine string          // URL of the engine that keeps the items; "" starts one
	Stderr io.Writer       // progress
	Lines  io.Writer       // the functions' log lines, as they are written; may be nil

	// Now is the clock of schedules and of scheduled rules; nil means time.Now.
	Now func() time.Time
}

// Cloud is an open cloud.
type Cloud struct {
	// Control is the address and token by which commands in other terminals reach
	// the cloud.
	Control inspect.Control

	// DNS is the address (host:port) of the DNS server for the hosted zones.
	DNS string

	// Operator is the environment (endpoints, administrator keys) of commands
	// that a person runs.
	Operator []string

	o          Options
	store      *store.Store
	items      *items
	runtime    *lambda.Runtime
	groups     *logs.Groups
	uses       *os.File
	inspector  *inspect.Inspector
	terminal   terminal
	recorder   *inspect.Recorder       // of requests, for people to inspect
	gateway    func() *httpapi.Gateway // made once, like queueCalls
	queueCalls func() http.Handler
	endpoints  map[string]string // of the services, as environment variables of a function
	servers    []func()
	closers    []func(context.Context) error
	services

	aws, commands *provider.Provider
	unsaved       *provider.Unsaved
	joining       sync.Mutex // guards programs, and servers after Open
	programs      map[Program]Providers
}

// Open opens the cloud in o.Dir. If another process has it open, Open returns
// store.ErrInUse.
func Open(o Options) (*Cloud, error) {
	c := &Cloud{o: o, terminal: newTerminal(o.Lines), Control: inspect.NewControl(), recorder: inspect.NewRecorder(), programs: map[Program]Providers{}}
	c.gateway = sync.OnceValue(c.newGateway)
	c.queueCalls = sync.OnceValue(func() http.Handler { return c.queues.Handler() })
	steps := []func() error{
		c.openStore, c.openObjects, c.openMessages, c.openItems, c.openDoor,
		c.openFunctions, c.openDomains, c.openAPIs, c.openEvents, c.openInspector, c.openProviders,
	}
	for _, open := range steps {
		if err := open(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// closes registers f for Close, which runs the last registered function first.
// The context of f ends after grace.
func (c *Cloud) closes(f func(ctx context.Context) error) { c.closers = append(c.closers, f) }

// Close waits for running requests, ends every process of the cloud, and
// releases its folder.
func (c *Cloud) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var err error
	for _, f := range slices.Backward(c.closers) {
		err = errors.Join(err, f(ctx))
	}
	return err
}

// stopServers stops the servers of providers, services and control.
func (c *Cloud) stopServers(context.Context) error {
	c.joining.Lock()
	defer c.joining.Unlock()
	for _, stop := range c.servers {
		stop()
	}
	return nil
}

// Warm starts the engine for items before the first request needs it, and
// writes to progress what it installs.
func (c *Cloud) Warm(ctx context.Context, progress io.Writer) error {
	if err := c.items.install(ctx, progress); err != nil {
		return err
	}
	_, err := c.items.URL(ctx)
	return err
}

// RunSchedules starts schedules and scheduled rules, and resumes events that
// were accepted earlier. A cloud that is open for one command runs no
// schedules.
func (c *Cloud) RunSchedules() error {
	c.schedules.Start()
	c.rules.Start()
	return c.events.Start()
}

func (c *Cloud) serveHTTP(h http.Handler) (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true) // the SDK for JavaScript uses HTTP/2 for some services
	go s.Serve(l)
	c.servers = append(c.servers, func() { s.Close() })
	return l.Addr().String(), nil
}

func (c *Cloud) serveGRPC(s *grpc.Server) (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go s.Serve(l)
	c.servers = append(c.servers, s.Stop)
	return l.Addr().String(), nil
}

// recordUse records a distinct call that a role made and the decision of its
// policies.
func (c *Cloud) recordUse(u iam.Use) {
	data, err := json.Marshal(u)
	if err == nil {
		_, err = c.uses.Write(append(data, '\n'))
	}
	if err != nil {
		c.show("local: a call of %s was not recorded: %v\n", u.Action, err)
	}
}

// recordLines stores log lines of a function. If the log group is missing,
// Lambda creates it, provided that the function's role allows it.
func (c *Cloud) recordLines(group lambda.Group, stream, function string, lines ...[]byte) {
	err := c.groups.Write(group.Name, stream, lines...)
	if errors.Is(err, store.ErrNotFound) && group.MayCreate() {
		if err = c.groups.Create(group.Name, group.Region, group.Account); err == nil {
			err = c.groups.Write(group.Name, stream, lines...)
		}
	}
	if err != nil {
		return
	}
	var text []byte
	for _, line := range lines {
		text = append(append(append(append(text, function...), ": "...), line...), '\n')
	}
	c.show("%s", text)
}

// show prints for the person who watches the cloud serve.
func (c *Cloud) show(format string, args ...any) { c.terminal.show(format, args...) }
