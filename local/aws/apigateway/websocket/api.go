package websocket

import (
	"net/url"
	"time"
)

// Target is what a request is for.
type Target struct {
	Stage Stage

	// Rest is what of the path follows the stage: "" or "/" for a client that
	// connects, and "/@connections/ID" for a function that posts. It may be
	// escaped.
	Rest string
}

// Stage is a snapshot of one deployed stage of a WebSocket API. Change nothing
// of it after it was handed out.
type Stage struct {
	APIID, AccountID, Region string

	Name      string
	Variables map[string]string

	// Domain is the host of the API in events; "" for the name of its endpoint
	// below localhost.
	Domain string

	// SelectionExpression finds the key of a message's route, such as
	// $request.body.action. See CheckSelection.
	SelectionExpression string
	Routes              map[string]Route // by route key

	Endpoint string // of clients, such as ws://127.0.0.1:8080/_apis/ID/STAGE
}

// Route is one route of a WebSocket API. "$connect", "$disconnect" and
// "$default" are its predefined keys.
type Route struct {
	Key         string
	FunctionARN string        // "" for a $connect without an integration
	Timeout     time.Duration // of its integration, at most 29 s, which zero means too

	// Authorizer decides on $connect; nil lets every client connect.
	Authorizer *Authorizer
}

// Authorizer is a Lambda authorizer of type REQUEST. It answers with an IAM
// policy: simple responses are for HTTP APIs.
type Authorizer struct {
	ID, FunctionARN string
	IdentitySources []string // such as route.request.querystring.token; empty: the function is always asked
}

// domain is the host that events and their headers name. It has localhost and a
// port where AWS has amazonaws.com, or a custom domain: functions post to
// https://DOMAIN/STAGE/@connections by the event alone, as in
// https://github.com/dherault/serverless-offline/issues/1353, and no such post
// leaves this machine
// (https://datatracker.ietf.org/doc/html/rfc6761#section-6.3). By http it arrives.
func (s Stage) domain() string {
	if s.Domain != "" {
		return s.Domain
	}
	name := s.APIID + ".execute-api." + s.Region + ".localhost"
	if at, err := url.Parse(s.Endpoint); err == nil && at.Port() != "" {
		name += ":" + at.Port()
	}
	return name
}

// arn names a part of the stage as permissions and policies do, such as
// arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/$connect
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html).
func (s Stage) arn(part string) string {
	return "arn:aws:execute-api:" + s.Region + ":" + s.AccountID + ":" + s.APIID + "/" + s.Name + "/" + part
}

// authorizerARN is what an authorizer's function is invoked for. It names no
// stage.
func (s Stage) authorizerARN(id string) string {
	return "arn:aws:execute-api:" + s.Region + ":" + s.AccountID + ":" + s.APIID + "/authorizers/" + id
}
