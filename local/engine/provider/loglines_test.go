package provider

import (
	"context"
	"net"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// An engine receives the log lines of a provider.
type engine struct {
	pulumirpc.UnimplementedEngineServer
	lines chan string
}

func (e *engine) Log(_ context.Context, r *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.lines <- r.Urn + " " + r.Message
	return &emptypb.Empty{}, nil
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{lines: make(chan string, 1)}
	s := grpc.NewServer()
	pulumirpc.RegisterEngineServer(s, e)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	c := newFixture(t).connect(t)
	if _, err := c.Attach(t.Context(), &pulumirpc.PluginAttach{Address: l.Addr().String()}); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, c, lampToken, urn("a"), map[string]any{"name": "a", "colour": "red"})
	if got, want := <-e.lines, urn("a")+" lit"; got != want {
		t.Errorf("line %q, want %q", got, want)
	}
}
