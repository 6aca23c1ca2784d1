package provider

import (
	"context"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"
)

// connection holds the configuration of one provider resource of a program, and
// the engine that uses it. All provider resources share a server; each has a
// separate connection to it.
type connection struct {
	mu      sync.Mutex
	where   scope
	engine  *grpc.ClientConn
	running map[*context.CancelFunc]bool // the operations in progress
}

// scope is what a provider resource configures for every resource that uses it.
type scope struct {
	account, region string            // "" if the settings name none
	caller          string            // ARN of the session of the role in the settings
	tags            map[string]string // default tags; a resource's tags override them
}

// begin returns a context that ends with cancel, or with the returned function
// once the operation is done.
func (c *connection) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == nil {
		c.running = map[*context.CancelFunc]bool{}
	}
	c.running[&cancel] = true
	return ctx, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, &cancel)
	}
}

// cancel ends the operations in progress. Later operations still run, because
// the engine also cancels when no operation is in progress.
func (c *connection) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for cancel := range c.running {
		(*cancel)()
	}
}

func (c *connection) scope() scope {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.where
}

func (c *connection) setScope(s scope) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.where = s
}

func (c *connection) attach(engine string) error {
	conn, err := grpc.NewClient(engine, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	c.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.engine = conn
	return nil
}

// log shows a line at a resource. It ignores errors: the work matters more than
// the line.
func (c *connection) log(ctx context.Context, urn, line string) {
	c.send(ctx, &pulumirpc.LogRequest{Severity: pulumirpc.LogSeverity_INFO, Message: line, Urn: urn, Ephemeral: true})
}

// warn shows a line at a resource. The line stays after the work is done.
func (c *connection) warn(ctx context.Context, urn, line string) {
	c.send(ctx, &pulumirpc.LogRequest{Severity: pulumirpc.LogSeverity_WARNING, Message: line, Urn: urn})
}

func (c *connection) send(ctx context.Context, r *pulumirpc.LogRequest) {
	c.mu.Lock()
	engine := c.engine
	c.mu.Unlock()
	if engine != nil {
		pulumirpc.NewEngineClient(engine).Log(ctx, r)
	}
}

func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.engine != nil {
		c.engine.Close()
	}
}

type connectionKey struct{}

func connectionOf(ctx context.Context) *connection {
	c, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return &connection{}
	}
	return c
}

// connections stores a connection in the context of every request that arrives
// on it.
type connections struct{}

func (connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

func (connections) HandleConn(ctx context.Context, s stats.ConnStats) {
	if _, ended := s.(*stats.ConnEnd); ended {
		connectionOf(ctx).close()
	}
}

func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (connections) HandleRPC(context.Context, stats.RPCStats) {}
