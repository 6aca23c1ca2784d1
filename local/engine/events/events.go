// Package events hears what the Pulumi engine does, by the events that the CLI
// sends to its --event-log: JSON, one event each. They are the ones of
// https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/apitype#EngineEvent,
// whose package brings OpenTelemetry's exporters.
package events

import (
	"encoding/json"
	"errors"
	"io"
	"net"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Event is what is read here of one event; the fields that are not nil say which
// it is.
type Event struct {
	Began      *Step       `json:"resourcePreEvent"`
	Made       *Step       `json:"resOutputsEvent"`
	Failed     *Step       `json:"resOpFailedEvent"`
	Diagnostic *Diagnostic `json:"diagnosticEvent"`
	Policy     *Policy     `json:"policyEvent"`
}

// Step is what the engine does to a resource.
type Step struct {
	Metadata struct {
		Op  string `json:"op"`
		URN string `json:"urn"`
		New *struct {
			Custom bool `json:"custom"`
		} `json:"new"`
	} `json:"metadata"`
}

// Diagnostic is a message of a program, a provider or the engine.
type Diagnostic struct {
	URN       string `json:"urn"`
	Prefix    string `json:"prefix"`
	Message   string `json:"message"`
	Severity  string `json:"severity"` // info, info#err, warning or error
	Ephemeral bool   `json:"ephemeral"`
}

// Policy is a violation of a policy pack.
type Policy struct {
	URN         string `json:"resourceUrn"`
	Message     string `json:"message"`
	Policy      string `json:"policyName"`
	Pack        string `json:"policyPackName"`
	Enforcement string `json:"enforcementLevel"`
}

// Serve hears the events of one command until stop is called. address is what
// --event-log takes; the CLI has that flag where PULUMI_DEBUG_COMMANDS is true.
func Serve(hear func(Event)) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := grpc.NewServer(grpc.MaxRecvMsgSize(maxEvent))
	pulumirpc.RegisterEventsServer(s, &server{hear: hear})
	go s.Serve(l)
	return "tcp://" + l.Addr().String(), s.Stop, nil
}

// maxEvent is the engine's own limit on a message, in bytes.
const maxEvent = 400 << 20

type server struct {
	pulumirpc.UnimplementedEventsServer
	hear func(Event)
}

// StreamEvents is called by the CLI, which waits for the answer before it ends.
func (s *server) StreamEvents(stream grpc.ClientStreamingServer[pulumirpc.EventRequest, emptypb.Empty]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&emptypb.Empty{})
		}
		if err != nil {
			return err
		}
		var e Event
		// An event of a form that is not known is one that is not shown.
		if json.Unmarshal([]byte(r.Event), &e) == nil {
			s.hear(e)
		}
	}
}
