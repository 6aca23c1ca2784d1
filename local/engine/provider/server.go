package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/store"
)

// GetPluginInfo returns the provider's version.
func (p *Provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: p.o.Version}, nil
}

// Attach connects to the address where the engine accepts log lines.
func (p *Provider) Attach(ctx context.Context, r *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, connectionOf(ctx).attach(r.Address)
}

// Cancel ends the operations of the engine on this connection, because a
// command may take minutes. Operations of other engines continue.
func (p *Provider) Cancel(ctx context.Context, _ *emptypb.Empty) (*emptypb.Empty, error) {
	connectionOf(ctx).cancel()
	return &emptypb.Empty{}, nil
}

// GetSchema returns an empty schema: no tool generates code from it.
func (p *Provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	return &pulumirpc.GetSchemaResponse{Schema: fmt.Sprintf(`{"name":%q,"version":%q}`, p.o.Name, p.o.Version)}, nil
}

func (p *Provider) kind(token, urn string) (*kind, error) {
	if k, ok := p.kinds[token]; ok {
		return k, nil
	}
	return nil, status.Errorf(codes.InvalidArgument,
		"the local cloud does not know the resource type %s (%s); it knows these types of provider %s:\n  %s\nto keep it as settings without effect: go run ./local -inert %[1]s",
		token, urn, p.o.Name, strings.Join(slices.Sorted(maps.Keys(p.kinds)), "\n  "))
}

func (p *Provider) call(ctx context.Context, urn string) Call {
	connection := connectionOf(ctx)
	where := connection.scope()
	c := Call{URN: urn, Account: cmp.Or(where.account, p.o.Account), Region: cmp.Or(where.region, p.o.Region), Tags: where.tags, Dir: p.dir, Caller: cmp.Or(where.caller, p.caller)}
	c.Log = func(line string) { connection.log(ctx, urn, line) }
	c.unsaved = p.o.Unsaved
	if p.caller != "" {
		c.permit = p.o.Permit
	}
	c.clear = func(ctx context.Context, names []string) error { return p.clear(ctx, c, names) }
	return c
}

// Check refuses inputs that AWS or the local cloud would not accept. It
// generates the name of a resource that the program does not name.
func (p *Provider) Check(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	news := r.News.AsMap()
	delete(news, defaultsKey)
	p.rename(r, k.Named)
	problems := append(named(news, r, k.Named, k.MaxName), p.withoutInert(ctx, r.Type, r.Urn, k.properties.problems("", news))...)
	p.warnInert(ctx, r.Type, r.Urn)
	if len(problems) == 0 {
		present, _ := known(news)
		problems = k.check(present.(map[string]any))
	}
	return checked(news, problems)
}

func checked(inputs map[string]any, problems []Problem) (*pulumirpc.CheckResponse, error) {
	s, err := structpb.NewStruct(inputs)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.CheckResponse{Inputs: s}
	for _, problem := range problems {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: problem.Property, Reason: problem.Reason})
	}
	return response, nil
}

// Create makes a resource. In a preview it only returns the outputs, unknown
// ones included.
func (p *Provider) Create(ctx context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	inputs := r.Properties.AsMap()
	if r.Preview {
		outputs, err := merged(unknown(k.results.names()), k.results.completed(inputs, nil), p.tagsOf(ctx, k, inputs))
		return &pulumirpc.CreateResponse{Properties: outputs}, err
	}
	ctx, done := connectionOf(ctx).begin(ctx)
	defer done()
	defer p.o.Unsaved.enter(r.Urn)()
	id, computed, err := k.create(ctx, p.o.Store, p.call(ctx, r.Urn), inputs)
	if err != nil {
		return nil, refused(err)
	}
	outputs, err := merged(inputs, computed)
	return &pulumirpc.CreateResponse{Id: id, Properties: outputs}, err
}

// Update changes a resource in place.
func (p *Provider) Update(ctx context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	inputs := r.News.AsMap()
	if r.Preview {
		computed := only(r.Olds.AsMap(), k.results.names())
		maps.Copy(computed, unknown(k.volatile(r.Olds.AsMap(), inputs)))
		outputs, err := merged(computed, k.results.completed(inputs, computed), p.tagsOf(ctx, k, inputs))
		return &pulumirpc.UpdateResponse{Properties: outputs}, err
	}
	ctx, done := connectionOf(ctx).begin(ctx)
	defer done()
	defer p.o.Unsaved.enter(r.Urn)()
	call := p.call(ctx, r.Urn)
	if r.OldInputs != nil {
		call.known = r.OldInputs.AsMap()
	}
	computed, err := k.update(ctx, p.o.Store, call, r.Id, inputs)
	if err != nil {
		return nil, refused(err)
	}
	outputs, err := merged(inputs, computed)
	return &pulumirpc.UpdateResponse{Properties: outputs}, err
}

// Delete removes a resource. Deleting a missing one succeeds.
func (p *Provider) Delete(ctx context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	ctx, done := connectionOf(ctx).begin(ctx)
	defer done()
	defer p.o.Unsaved.enter(r.Urn)()
	if err := k.delete(ctx, p.o.Store, p.call(ctx, r.Urn), r.Id, r.Properties.AsMap()); err != nil {
		return nil, refused(err)
	}
	return &emptypb.Empty{}, nil
}

// Read returns the resource with an id. The response has no id if there is
// none.
func (p *Provider) Read(ctx context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	inputs, computed, err := k.read(p.o.Store, p.call(ctx, r.Urn), r.Id, r.Properties.AsMap(), r.Inputs.AsMap())
	if errors.Is(err, store.ErrNotFound) {
		return &pulumirpc.ReadResponse{}, nil
	}
	if err != nil {
		return nil, refused(err)
	}
	in, err := structpb.NewStruct(inputs)
	if err != nil {
		return nil, err
	}
	outputs, err := merged(inputs, computed)
	return &pulumirpc.ReadResponse{Id: r.Id, Properties: outputs, Inputs: in}, err
}

// Invoke runs a function of the provider.
func (p *Provider) Invoke(ctx context.Context, r *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	f, ok := p.invokes[r.Tok]
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument, "the local cloud does not know the function %s; it knows %s",
			r.Tok, strings.Join(slices.Sorted(maps.Keys(p.invokes)), ", "))
	}
	result, err := f(p.call(ctx, ""), r.Args.AsMap())
	if err != nil {
		return nil, refused(err)
	}
	s, err := structpb.NewStruct(result)
	return &pulumirpc.InvokeResponse{Return: s}, err
}

// refused returns the error in a form whose text the engine shows unchanged.
func refused(err error) error { return status.Error(codes.Unknown, err.Error()) }

func unknown(names []string) map[string]any {
	m := map[string]any{}
	for _, name := range names {
		m[name] = unknownValue
	}
	return m
}

func only(m map[string]any, names []string) map[string]any {
	kept := map[string]any{}
	for _, name := range names {
		if v, ok := m[name]; ok {
			kept[name] = v
		}
	}
	return kept
}

// merged returns the outputs of a resource: its inputs, and the values that AWS
// adds. Later maps win. In a preview the inputs come last, because they are
// known and AWS returns many of them unchanged.
func merged(parts ...map[string]any) (*structpb.Struct, error) {
	all := map[string]any{}
	for _, m := range parts {
		maps.Copy(all, m)
	}
	delete(all, defaultsKey)
	return structpb.NewStruct(all)
}
