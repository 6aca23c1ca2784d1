// Package cloud puts the services together: one local cloud, kept in one
// folder, with providers for the engine, a gateway for clients and an endpoint
// for functions.
package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
	"skiff/local/engine/provider"
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
}

// Cloud is an open cloud.
type Cloud struct {
	// Control is the address that Join asks for providers, and DNS that of the
	// server that knows the zones: host and port.
	Control, DNS string

	// Operator is the environment by which a person's commands reach the
	// services, as who may do everything.
	Operator []string

	o       Options
	store   *store.Store
	items   *items
	runtime *lambda.Runtime
	groups  *logs.Groups
	uses    *os.File
	console *console
	servers []func()
	services

	aws, commands *provider.Provider
	unsaved       *provider.Unsaved
	joining       sync.Mutex // of programs, and of servers once the cloud is open
	programs      map[Program]Providers
}

// Open opens the cloud in o.Dir. While another process has it open, the error
// is store.ErrInUse.
func Open(o Options) (_ *Cloud, err error) {
	db, err := store.Open(o.Dir, 0)
	if err != nil {
		return nil, err
	}
	c := &Cloud{o: o, store: db, groups: logs.New(db, filepath.Join(o.Dir, "logs")), console: newConsole(o.Lines), programs: map[Program]Providers{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	c.uses, err = os.OpenFile(filepath.Join(o.Dir, UsesFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	c.items = &items{dir: filepath.Join(o.Dir, "dynamodb"), cache: o.Cache, other: o.Engine, progress: o.Stderr}
	if c.runtime, err = lambda.NewRuntime(lambda.Options{}); err != nil {
		return nil, err
	}
	if err := c.openServices(); err != nil {
		return nil, err
	}
	c.openProviders()
	if c.Control, err = c.serveHTTP(c.control()); err != nil {
		return nil, err
	}
	return c, c.sources.Start()
}

// Warm starts what takes time before the first request asks for it.
func (c *Cloud) Warm(ctx context.Context) error {
	_, err := c.items.URL(ctx)
	return err
}

// RunSchedules runs the schedules, and the rules with one, from now on, and takes up what they have begun.
// A cloud that is open for one command runs none.
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

func (c *Cloud) recordLines(group, stream, function string, lines ...[]byte) {
	if err := c.groups.Write(group, stream, lines...); err != nil {
		return
	}
	var text []byte
	for _, line := range lines {
		text = fmt.Appendf(text, "%s: %s\n", function, line)
	}
	c.show("%s", text)
}

// show is for the person who watches the cloud serve.
func (c *Cloud) show(format string, args ...any) { c.console.show(format, args...) }

// Close ends every process of the cloud, after the requests that run, and
// lets go of its folder.
func (c *Cloud) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var err error
	if c.schedules != nil {
		c.schedules.Close()
		c.rules.Close()
		err = c.events.Close(ctx)
	}
	if c.sources != nil {
		err = errors.Join(err, c.sources.Close(ctx))
	}
	if c.sockets != nil {
		err = errors.Join(err, c.sockets.Shutdown(ctx))
	}
	if c.runtime != nil {
		err = errors.Join(err, c.runtime.Close(ctx))
	}
	c.joining.Lock()
	for _, stop := range c.servers {
		stop()
	}
	c.joining.Unlock()
	if c.items != nil {
		err = errors.Join(err, c.items.Close())
	}
	if c.queues != nil {
		err = errors.Join(err, c.queues.Close())
	}
	if c.buckets != nil {
		err = errors.Join(err, c.buckets.Close())
	}
	err = errors.Join(err, c.groups.Close())
	c.console.flush()
	if c.uses != nil {
		err = errors.Join(err, c.uses.Close())
	}
	return errors.Join(err, c.store.Close())
}
