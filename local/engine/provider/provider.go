// Package provider answers the Pulumi engine as the providers of the local
// cloud: every resource type it holds is a Go value, and a type or a property
// that none describes is refused by name.
//
// It speaks the wire format itself, on plain structpb values: Pulumi's own
// plugin package asks the terminal for its colours before main starts.
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

// maxMessage is the engine's own limit on a message, in bytes.
const maxMessage = 400 << 20

// Invoke is a function of a provider, such as aws:index/getRegion:getRegion.
type Invoke func(c Call, args map[string]any) (map[string]any, error)

// Options are what a Provider is made of.
type Options struct {
	Name    string // "aws" or "command"
	Version string // the provider version whose types these are
	Store   *store.Store

	// Config names the settings of a provider that are known; any other is
	// refused. Account and Region are where resources belong if the settings
	// do not say: allowedAccountIds, region.
	Config          []string
	Account, Region string

	// Permit decides whether the session of a role, which is the caller, may do
	// an action; nil where no resource of the provider is AWS's.
	Permit func(caller string, a Action) error

	// Unsaved is shared by the providers of one store; nil makes one.
	Unsaved *Unsaved

	// Assume takes the role that the settings of a provider name, for such a
	// caller, and returns the ARN of the new session.
	Assume func(caller, role, session string) (string, error)
}

// Provider serves the resource types of one Pulumi provider. It is made by
// New and filled by Add before it serves.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	o       Options
	kinds   map[string]Kind
	invokes map[string]Invoke

	dir    string          // the program's directory
	caller string          // as in a Call
	inert  map[string]bool // types and properties that are kept without effect
}

// New makes a provider that knows no type yet.
func New(o Options) *Provider {
	if o.Unsaved == nil {
		o.Unsaved = NewUnsaved(o.Store)
	}
	return &Provider{o: o, kinds: map[string]Kind{}, invokes: map[string]Invoke{}}
}

// Add makes resource types known.
func (p *Provider) Add(kinds ...Kind) {
	for _, k := range kinds {
		p.kinds[k.token()] = k
	}
}

// Unjudged lists the types that no program with a role may use, because it is
// not known which actions they take.
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

// AddInvoke makes a function known.
func (p *Provider) AddInvoke(token string, f Invoke) { p.invokes[token] = f }

// For is the provider of the same types for the program in dir, run by the
// caller: an attached provider is not told where the program is.
func (p *Provider) For(dir, caller string) *Provider {
	return &Provider{o: p.o, kinds: p.kinds, invokes: p.invokes, dir: dir, caller: caller}
}

// Server is a gRPC server that serves p and nothing else.
func (p *Provider) Server() *grpc.Server {
	s := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.StatsHandler(connections{}), grpc.UnaryInterceptor(catchPanic))
	pulumirpc.RegisterResourceProviderServer(s, p)
	return s
}

// catchPanic turns a panic into an error of the one request: the provider
// shares its process with everything that is being served.
func catchPanic(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (_ any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = status.Errorf(codes.Internal, "the local cloud failed in %s: %v", info.FullMethod, r)
		}
	}()
	return handle(ctx, req)
}
