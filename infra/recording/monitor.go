package recording

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// monitor replaces the engine for a program. Pulumi's own mocks end the process
// at a resource hook; monitor records it.
type monitor struct {
	pulumirpc.UnimplementedResourceMonitorServer
	cloud         Cloud
	project, name string

	mu    sync.Mutex // programs register resources in parallel
	stack *Stack
	hooks map[string]*pulumirpc.Callback // by name
}

// serve starts the monitor for the duration of the test and returns its
// address.
func (m *monitor) serve(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	pulumirpc.RegisterResourceMonitorServer(s, m)
	pulumirpc.RegisterEngineServer(s, log{})
	go s.Serve(listener) // returns nil after Stop
	t.Cleanup(s.Stop)
	return listener.Addr().String()
}

// SupportsFeature supports all features except output values, because the
// recording holds plain inputs.
func (m *monitor) SupportsFeature(_ context.Context, in *pulumirpc.SupportsFeatureRequest) (*pulumirpc.SupportsFeatureResponse, error) {
	return &pulumirpc.SupportsFeatureResponse{HasSupport: in.GetId() != "outputValues"}, nil
}

// RegisterResource records the resource and answers with the cloud's outputs.
func (m *monitor) RegisterResource(_ context.Context, in *pulumirpc.RegisterResourceRequest) (*pulumirpc.RegisterResourceResponse, error) {
	urn := m.urn(in)
	if in.GetType() == string(resource.RootStackType) {
		return &pulumirpc.RegisterResourceResponse{Urn: urn}, nil
	}
	inputs, err := plugin.UnmarshalProperties(in.GetObject(), marshalling())
	if err != nil {
		return nil, err
	}
	if err := m.beforeCreate(urn, in); err != nil {
		return nil, err
	}
	id, outputs, err := m.record(pulumi.MockResourceArgs{
		TypeToken: in.GetType(), Name: in.GetName(), Inputs: inputs, Provider: in.GetProvider(), ID: in.GetImportId(),
		Custom: in.GetCustom(), RegisterRPC: in,
	})
	if err != nil {
		return nil, err
	}
	object, err := plugin.MarshalProperties(outputs, marshalling())
	return &pulumirpc.RegisterResourceResponse{Urn: urn, Id: id, Object: object}, err
}

// marshalling keeps secrets and resource references.
func marshalling() plugin.MarshalOptions {
	return plugin.MarshalOptions{KeepSecrets: true, KeepResources: true}
}

func (m *monitor) urn(in *pulumirpc.RegisterResourceRequest) string {
	var parent tokens.Type
	if urn := resource.URN(in.GetParent()); urn != "" && urn.QualifiedType() != resource.RootStackType {
		parent = urn.QualifiedType()
	}
	return string(resource.NewURN(tokens.QName(m.name), tokens.PackageName(m.project), parent, tokens.Type(in.GetType()), in.GetName()))
}

// Invoke calls a function of the cloud.
func (m *monitor) Invoke(_ context.Context, in *pulumirpc.ResourceInvokeRequest) (*pulumirpc.InvokeResponse, error) {
	args, err := plugin.UnmarshalProperties(in.GetArgs(), marshalling())
	if err != nil {
		return nil, err
	}
	found, err := m.cloud.Call(pulumi.MockCallArgs{Token: in.GetTok(), Args: args, Provider: in.GetProvider()})
	if err != nil {
		return nil, err
	}
	result, err := plugin.MarshalProperties(found, marshalling())
	return &pulumirpc.InvokeResponse{Return: result}, err
}

// RegisterResourceOutputs does nothing: Run records the outputs that deploy
// returns.
func (m *monitor) RegisterResourceOutputs(context.Context, *pulumirpc.RegisterResourceOutputsRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// RegisterResourceHook accepts every hook.
func (m *monitor) RegisterResourceHook(_ context.Context, in *pulumirpc.RegisterResourceHookRequest) (*emptypb.Empty, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hooks[in.GetName()] = in.GetCallback()
	return &emptypb.Empty{}, nil
}

// SignalAndWaitForShutdown returns immediately: the hooks of a resource run
// while it is registered.
func (m *monitor) SignalAndWaitForShutdown(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// log drops the program's log. Run returns the program's error.
type log struct {
	pulumirpc.UnimplementedEngineServer
}

func (log) Log(context.Context, *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
