// Package cloud puts the services together: one local cloud, kept in one
// folder, with providers for the engine, a gateway for clients and an endpoint
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

// Account is the account id of the local cloud, for a program that allows no
// other. No account at AWS has it.
const Account = "000000000000"

// Region is where resources stand for a program that configures none.
const Region = "us-east-1"

// UsesFile is where a cloud keeps, in its folder, which rights have been used:
// see iam.ReadUses.
const UsesFile = "calls.jsonl"

// grace is how long requests that run may take once the cloud closes.
const grace = 35 * time.Second

// Options say where a cloud is kept and whom it serves.
type Options struct {
	Dir    string          // of everything it keeps
	URL    string          // of the gateway, such as http://127.0.0.1:8080
	Root   apigateway.Root // whose API answers there without a prefix
	Env    []string        // for the commands of a stack
	Cache  string          // for what all projects of a user share
	Engine string          // URL of the engine that keeps the items; "" for one of its own
	Stderr io.Writer       // progress
	Lines  io.Writer       // the functions' log lines too, as they come; may be nil

	// Now is the clock of schedules and of rules with one; nil for the real one.
	Now func() time.Time
}

// Cloud is an open cloud.
type Cloud struct {
	// Control is where commands of other terminals reach the cloud.
	Control inspect.Control

	// DNS is the address of the server that knows the zones: host and port.
	DNS string

	// Operator is the environment by which a person's commands reach the
	// services, as who may do everything.
	Operator []string

	o          Options
	store      *store.Store
	items      *items
	runtime    *lambda.Runtime
	groups     *logs.Groups
	uses       *os.File
	inspector  *inspect.Inspector
	console    *console
	recorder   *inspect.Recorder       // of what people see
	gateway    func() *httpapi.Gateway // made once, as is the next
	queueCalls func() http.Handler
	endpoints  map[string]string // of the services, as the environment of a function
	servers    []func()
	closers    []func(context.Context) error
	services

	aws, commands *provider.Provider
	unsaved       *provider.Unsaved
	joining       sync.Mutex // of programs, and of servers once the cloud is open
	programs      map[Program]Providers
}

// Open opens the cloud in o.Dir. While another process has it open, the error
// is store.ErrInUse.
func Open(o Options) (*Cloud, error) {
	c := &Cloud{o: o, console: newConsole(o.Lines), Control: inspect.NewControl(), recorder: inspect.NewRecorder(), programs: map[Program]Providers{}}
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

// closes has Close call f, before what was open before. The context of f ends
// with the grace.
func (c *Cloud) closes(f func(ctx context.Context) error) { c.closers = append(c.closers, f) }

// Close ends every process of the cloud, after the requests that run, and
// lets go of its folder.
func (c *Cloud) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var err error
	for _, f := range slices.Backward(c.closers) {
		err = errors.Join(err, f(ctx))
	}
	return err
}

// stopServers ends what listens for calls.
func (c *Cloud) stopServers(context.Context) error {
	c.joining.Lock()
	defer c.joining.Unlock()
	for _, stop := range c.servers {
		stop()
	}
	return nil
}

// Warm starts what takes time before the first request asks for it, and writes
// to progress what it installs.
func (c *Cloud) Warm(ctx context.Context, progress io.Writer) error {
	if err := c.items.install(ctx, progress); err != nil {
		return err
	}
	_, err := c.items.URL(ctx)
	return err
}

// RunSchedules runs the schedules, and the rules with one, from now on, and
// takes up what they have begun. A cloud that is open for one command runs none.
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
	s.Protocols.SetUnencryptedHTTP2(true) // as the SDK for JavaScript calls some services
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

// recordUse keeps every distinct call that a role was used for and what the
// policies said to it.
func (c *Cloud) recordUse(u iam.Use) {
	data, err := json.Marshal(u)
	if err == nil {
		_, err = c.uses.Write(append(data, '\n'))
	}
	if err != nil {
		c.show("local: a call of %s is not recorded: %v\n", u.Action, err)
	}
}

// recordLines keeps the lines of a function. A group that is missing Lambda
// creates with the rights of the function's role.
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

// show is for the person who watches the cloud serve.
func (c *Cloud) show(format string, args ...any) { c.console.show(format, args...) }
