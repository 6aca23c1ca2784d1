// Package events receives the events of the Pulumi engine, which the CLI sends
// to its --event-log as JSON. Their format is
// https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/apitype#EngineEvent.
// That package is not imported, because it depends on OpenTelemetry's
// exporters.
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

// Event is one engine event, with the parts that the local cloud reads. The
// field that is not nil is its kind.
type Event struct {
	Began      *Step       `json:"resourcePreEvent"`
	Made       *Step       `json:"resOutputsEvent"`
	Failed     *Step       `json:"resOpFailedEvent"`
	Diagnostic *Diagnostic `json:"diagnosticEvent"`
	Policy     *Policy     `json:"policyEvent"`
	Summary    *Summary    `json:"summaryEvent"`
}

// Step is an engine operation on a resource.
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

// Policy is a policy pack's violation.
type Policy struct {
	URN         string `json:"resourceUrn"`
	Message     string `json:"message"`
	Policy      string `json:"policyName"`
	Pack        string `json:"policyPackName"`
	Enforcement string `json:"enforcementLevel"`
}

// Summary is the end of an update.
type Summary struct {
	Changes map[string]int `json:"resourceChanges"` // resources by operation
}

// Serve calls record for the events of one command until stop is called. address
// is the value for --event-log, a flag that the CLI has only if
// PULUMI_DEBUG_COMMANDS is true.
func Serve(record func(Event)) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := grpc.NewServer(grpc.MaxRecvMsgSize(maxEvent))
	pulumirpc.RegisterEventsServer(s, &server{record: record})
	go s.Serve(l)
	return "tcp://" + l.Addr().String(), s.Stop, nil
}

// maxEvent is the engine's limit on a message, in bytes.
const maxEvent = 400 << 20

type server struct {
	pulumirpc.UnimplementedEventsServer
	record func(Event)
}

// StreamEvents receives events from the CLI, which waits for the response
// before it ends.
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
		// An event in an unknown form is ignored.
		if json.Unmarshal([]byte(r.Event), &e) == nil {
			s.record(e)
		}
	}
}
