// Package provider implements the Pulumi providers of the local cloud. Each
// resource type is a Go value; the provider refuses unknown types and unknown
// properties by name.
//
// It uses the wire format directly, on plain structpb values: Pulumi's plugin
// package queries the terminal for its colours before main starts.
package provider

import (
	"context"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"skiff/local/store"
)

// maxMessage is the engine's limit on a message, in bytes.
const maxMessage = 400 << 20

// Invoke is a provider function, such as aws:index/getRegion:getRegion.
type Invoke func(c Call, args map[string]any) (map[string]any, error)

// Options configure a Provider.
type Options struct {
	Name    string // "aws" or "command"
	Version string // the provider version that has these types
	Store   *store.Store

	// Config names the settings that the provider accepts. Account and Region
	// apply to resources if the settings allowedAccountIds and region are
	// absent.
	Config          []string
	Account, Region string

	// Permit decides whether the caller, a role's session, may do an action. It
	// is nil for a provider without AWS resources.
	Permit func(caller string, a Action) error

	// Unsaved is shared by all providers of one store. If nil, New makes one.
	Unsaved *Unsaved

	// Assume lets the caller assume the role that the provider's settings name,
	// and returns the ARN of the new session.
	Assume func(caller, role, session string) (string, error)
}

// Provider serves the resource types of one Pulumi provider. New makes it; Add
// adds the types before it serves.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	o       Options
	kinds   map[string]*kind
	invokes map[string]Invoke

	dir    string          // the program's directory
	caller string          // see Call
	inert  map[string]bool // types and properties that are kept without effect
}

// New returns a provider without types.
func New(o Options) *Provider {
	if o.Unsaved == nil {
		o.Unsaved = NewUnsaved(o.Store)
	}
	return &Provider{o: o, kinds: map[string]*kind{}, invokes: map[string]Invoke{}}
}

// Add adds resource types.
func (p *Provider) Add(kinds ...Kind) {
	for _, each := range kinds {
		k := each.kind()
		p.kinds[k.Token] = k
	}
}

// Unjudged lists the types whose IAM actions are not known. A program with a
// role cannot use them.
func (p *Provider) Unjudged() []string {
	var tokens []string
	for token, k := range p.kinds {
		if !k.judged() {
			tokens = append(tokens, token)
		}
	}
	slices.Sort(tokens)
	return tokens
}

// AddInvoke adds a function.
func (p *Provider) AddInvoke(token string, f Invoke) { p.invokes[token] = f }

// For returns a provider of the same types for the program in dir, which caller
// runs. The engine does not send the program's directory to a provider that it
// attaches to.
func (p *Provider) For(dir, caller string) *Provider {
	return &Provider{o: p.o, kinds: p.kinds, invokes: p.invokes, dir: dir, caller: caller}
}

// Server returns a gRPC server for p.
func (p *Provider) Server() *grpc.Server {
	s := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.StatsHandler(connections{}), grpc.UnaryInterceptor(catchPanic))
	pulumirpc.RegisterResourceProviderServer(s, p)
	return s
}

// catchPanic turns a panic into an error of the one request. Without it, a
// panic would end the process and everything it serves.
func catchPanic(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (_ any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = status.Errorf(codes.Internal, "the local cloud failed in %s: %v", info.FullMethod, r)
		}
	}()
	return handle(ctx, req)
}
