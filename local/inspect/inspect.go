// Package inspect is what people see of an open cloud, and what they do to it
// from a terminal or the console: functions, log lines, items, messages, rights
// and schedules. Nothing of it is part of AWS.
package inspect

import (
	"net/http"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/store"
)

// Options are the parts of a cloud that people see.
type Options struct {
	Functions *lambda.Functions
	APIs      *apigateway.APIs

	Store     *store.Store
	Authority *iam.Authority
	Sockets   *websocket.Gateway
	Recorder  *Recorder
	Gateway   func() http.Handler // that requests are sent through again
}

// Inspector shows an open cloud. It is safe for concurrent use.
type Inspector struct{ o Options }

// New shows the parts of a cloud.
func New(o Options) *Inspector { return &Inspector{o} }
