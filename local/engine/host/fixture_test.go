package host

import (
	"context"
	"maps"
	"net"
	"path/filepath"
	"sync"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"skiff/local/process/child/childtest"
)

// An engine receives a program's output.
type engine struct {
	pulumirpc.UnimplementedEngineServer
	addr string

	mu       sync.Mutex
	lines    map[int32]string // by stream
	received chan string      // gets the lines, if not nil
}

func (e *engine) Log(_ context.Context, r *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.mu.Lock()
	e.lines[r.StreamId] += r.Message
	e.mu.Unlock()
	if e.received != nil {
		e.received <- r.Message
	}
	return &emptypb.Empty{}, nil
}

func serve(t *testing.T, s *grpc.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		s.Serve(l)
		close(done)
	}()
	t.Cleanup(func() {
		s.Stop()
		<-done
	})
	return l.Addr().String()
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	e := &engine{lines: map[int32]string{}}
	s := grpc.NewServer()
	pulumirpc.RegisterEngineServer(s, e)
	e.addr = serve(t, s)
	return e
}

// connect starts a host and connects it to the engine. The host's build returns
// the script as the program.
func connect(t *testing.T, e *engine, script string, env ...string) pulumirpc.LanguageRuntimeClient {
	t.Helper()
	build := func(_ context.Context, dir string) (string, error) {
		path := filepath.Join(dir, "program")
		return path, childtest.Script(path, script)
	}
	return dial(t, e, New(build, append(env, "PATH=/usr/bin:/bin")))
}

func dial(t *testing.T, e *engine, h *Host) pulumirpc.LanguageRuntimeClient {
	t.Helper()
	conn, err := grpc.NewClient(serve(t, h.Server()), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := pulumirpc.NewLanguageRuntimeClient(conn)
	if _, err := c.Handshake(t.Context(), &pulumirpc.LanguageHandshakeRequest{EngineAddress: e.addr}); err != nil {
		t.Fatal(err)
	}
	return c
}

func request(t *testing.T) *pulumirpc.RunRequest {
	t.Helper()
	dir := t.TempDir()
	return &pulumirpc.RunRequest{
		Project: "project", Stack: "dev", Organization: "organization", Pwd: dir, MonitorAddress: "127.0.0.1:9",
		Info: &pulumirpc.ProgramInfo{ProgramDirectory: dir, RootDirectory: "/root/dir"},
	}
}

func TestLinesArrive(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	c := connect(t, e, `echo one; echo err >&2; printf 'bad \377\nunfinished'`)
	response, err := c.Run(t.Context(), request(t))
	if err != nil || response.Error != "" || response.Bail {
		t.Fatalf("run: %v, %v", response, err)
	}
	want := map[int32]string{901: "one\nbad \uFFFD\nunfinished", 902: "err\n"}
	if !maps.Equal(e.lines, want) {
		t.Errorf("lines %q, want %q", e.lines, want)
	}
}
