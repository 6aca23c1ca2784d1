// Package host runs a Pulumi Go program for the engine. It implements the
// engine's Go language host. Pulumi's own host comes with a Pulumi installation
// but not from the module proxy. With this one, an ordinary `package main`
// needs no Pulumi installation.
//
// One Host serves one CLI process: the engine's Cancel names no run, so it
// would also end the program of another CLI.
package host

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"skiff/local/process/child"
)

// grace is the time a cancelled program has to end.
const grace = 5 * time.Second

// bail is the exit code of a program whose error the SDK has already reported.
const bail = 32

// Host is a language host for Go.
type Host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	build Build
	env   []string

	mu     sync.Mutex
	engine string
	cancel context.CancelFunc
	built  map[string]string // binaries, by the program's folder
}

// Build compiles the program in dir and returns the binary.
type Build func(ctx context.Context, dir string) (binary string, err error)

// New returns a host whose programs run with env, without this process's
// environment.
func New(build Build, env []string) *Host {
	return &Host{build: build, env: env, built: map[string]string{}}
}

// Server returns a gRPC server for h.
func (h *Host) Server() *grpc.Server {
	s := grpc.NewServer()
	pulumirpc.RegisterLanguageRuntimeServer(s, h)
	return s
}

// Handshake stores the engine's address.
func (h *Host) Handshake(_ context.Context, r *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.engine = r.EngineAddress
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo returns no version: the engine needs none.
func (h *Host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

// GetRequiredPackages returns none, so that the engine looks for no plugins. It
// attaches to the local cloud's providers.
func (h *Host) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// GetRequiredPlugins is GetRequiredPackages for older engines.
func (h *Host) GetRequiredPlugins(context.Context, *pulumirpc.GetRequiredPluginsRequest) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

// InstallDependencies does nothing: go build gets the dependencies.
func (h *Host) InstallDependencies(*pulumirpc.InstallDependenciesRequest, grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse]) error {
	return nil
}

// GetProgramDependencies returns none. They are in go.mod.
func (h *Host) GetProgramDependencies(context.Context, *pulumirpc.GetProgramDependenciesRequest) (*pulumirpc.GetProgramDependenciesResponse, error) {
	return &pulumirpc.GetProgramDependenciesResponse{}, nil
}

// About answers `pulumi about`.
func (h *Host) About(context.Context, *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	return &pulumirpc.AboutResponse{Metadata: map[string]string{"host": "the local cloud"}}, nil
}

// Cancel ends the running program.
func (h *Host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cancel != nil {
		h.cancel()
	}
	return &emptypb.Empty{}, nil
}

func (h *Host) start(ctx context.Context) (context.Context, context.CancelFunc, string) {
	ctx, cancel := context.WithCancel(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cancel = cancel
	return ctx, cancel, h.engine
}

// Run builds the program, runs it and waits until it ends. The response
// contains a failure of the program. An error means that the program could not
// run.
func (h *Host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	ctx, cancel, engine := h.start(ctx)
	defer cancel()
	if r.Info == nil {
		return nil, status.Error(codes.InvalidArgument, "the engine is too old for this language host: it sends no program directory")
	}
	binary, err := h.binary(ctx, r.Info)
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	environment, err := programEnvironment(r, engine)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(engine, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	out := newOutput(ctx, pulumirpc.NewEngineClient(conn))
	cmd := exec.Command(binary)
	cmd.Dir = r.Pwd
	cmd.Env = append(slices.Clone(h.env), environment...)
	cmd.Stdout, cmd.Stderr = out.stream(901), out.stream(902)
	cmd.WaitDelay = grace
	p, err := child.Start(cmd)
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, out.Close()
	}
	err = await(ctx, p)
	return response(ctx, err), out.Close()
}

// binary returns the binary in the project's runtime options, or builds one.
// https://www.pulumi.com/docs/iac/languages-sdks/go/#pre-built-binaries
func (h *Host) binary(ctx context.Context, program *pulumirpc.ProgramInfo) (string, error) {
	option, ok := program.Options.AsMap()["binary"].(string)
	if !ok {
		return h.once(ctx, program.ProgramDirectory)
	}
	path := option
	if !filepath.IsAbs(path) {
		path = filepath.Join(program.ProgramDirectory, option)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("Pulumi.yaml names the program's binary %s (runtime.options.binary): %w", option, err)
	}
	return path, nil
}

// once builds a program once per command, so that an update runs the same
// binary as its preview.
func (h *Host) once(ctx context.Context, dir string) (string, error) {
	h.mu.Lock()
	binary, ok := h.built[dir]
	h.mu.Unlock()
	if ok {
		return binary, nil
	}
	binary, err := h.build(ctx, dir)
	if err == nil {
		h.mu.Lock()
		h.built[dir] = binary
		h.mu.Unlock()
	}
	return binary, err
}

func await(ctx context.Context, p *child.Process) error {
	select {
	case <-p.Done():
		// A program may end while a process it started keeps the output open.
		if err := p.Wait(); !errors.Is(err, exec.ErrWaitDelay) {
			return err
		}
		return nil
	case <-ctx.Done():
		return p.End(syscall.SIGINT, grace)
	}
}

func response(ctx context.Context, err error) *pulumirpc.RunResponse {
	switch code := child.ExitCode(err); {
	case err == nil:
		return &pulumirpc.RunResponse{}
	case ctx.Err() != nil:
		return &pulumirpc.RunResponse{Error: "the program was cancelled"}
	case code == bail:
		return &pulumirpc.RunResponse{Bail: true}
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program failed: %v", err)}
	}
}

// programEnvironment returns the variables that the SDK reads in
// sdk/go/pulumi/run.go.
func programEnvironment(r *pulumirpc.RunRequest, engine string) ([]string, error) {
	config, err := json.Marshal(r.Config)
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(r.ConfigSecretKeys)
	if err != nil {
		return nil, err
	}
	return []string{
		"PULUMI_PROJECT=" + r.Project,
		"PULUMI_STACK=" + r.Stack,
		"PULUMI_ORGANIZATION=" + r.Organization,
		"PULUMI_ROOT_DIRECTORY=" + r.Info.RootDirectory,
		"PULUMI_CONFIG=" + string(config),
		"PULUMI_CONFIG_SECRET_KEYS=" + string(secrets),
		"PULUMI_DRY_RUN=" + strconv.FormatBool(r.DryRun),
		"PULUMI_PARALLEL=" + strconv.Itoa(int(r.Parallel)),
		"PULUMI_MONITOR=" + r.MonitorAddress,
		"PULUMI_ENGINE=" + engine,
	}, nil
}

// output sends a program's output to the engine, because an attached host has
// no pipe to the CLI. The engine masks its secrets in the output.
type output struct {
	ctx     context.Context
	engine  pulumirpc.EngineClient
	writers []io.Closer
	copying sync.WaitGroup
}

func newOutput(ctx context.Context, engine pulumirpc.EngineClient) *output {
	return &output{ctx: ctx, engine: engine}
}

func (o *output) stream(id int32) io.Writer {
	r, w := io.Pipe()
	o.writers = append(o.writers, w)
	o.copying.Go(func() {
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadString('\n')
			if line != "" {
				// gRPC refuses a message with invalid UTF-8.
				line = strings.ToValidUTF8(line, "\uFFFD")
				o.engine.Log(o.ctx, &pulumirpc.LogRequest{Severity: pulumirpc.LogSeverity_INFO, Message: line, StreamId: id})
			}
			if err != nil {
				return
			}
		}
	})
	return w
}

// Close waits until all output is sent.
func (o *output) Close() error {
	var err error
	for _, w := range o.writers {
		err = errors.Join(err, w.Close())
	}
	o.copying.Wait()
	return err
}
