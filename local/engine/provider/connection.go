package provider

import (
	"context"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"
)

// connection is what one provider resource of a program was configured with,
// and the engine it belongs to. All of them reach the same server, each over a
// connection of its own.
type connection struct {
	mu      sync.Mutex
	where   scope
	engine  *grpc.ClientConn
	running map[*context.CancelFunc]bool // the operations under way
}

// scope is what the settings of a provider resource say of all that is made
// through it.
type scope struct {
	account, region string            // "" where the settings do not say
	caller          string            // ARN of the session of the role that they name
	tags            map[string]string // of every resource, unless its own say otherwise
}

// begin is the context of one operation, which cancel ends.
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

// cancel ends the operations under way. Later ones run: the engine also
// cancels when nothing does.
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

// log shows a line at a resource. A line that does not arrive is no reason to
// fail the work that it tells of.
func (c *connection) log(ctx context.Context, urn, line string) {
	c.tell(ctx, &pulumirpc.LogRequest{Severity: pulumirpc.LogSeverity_INFO, Message: line, Urn: urn, Ephemeral: true})
}

// warn shows a line at a resource that stays when the work is done.
func (c *connection) warn(ctx context.Context, urn, line string) {
	c.tell(ctx, &pulumirpc.LogRequest{Severity: pulumirpc.LogSeverity_WARNING, Message: line, Urn: urn})
}

func (c *connection) tell(ctx context.Context, r *pulumirpc.LogRequest) {
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

// connections gives every connection its own value in the context of the
// requests that arrive on it.
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
