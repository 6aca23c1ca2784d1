package websocket

import (
	"net/url"
	"time"
)

// Target is what a request leads to.
type Target struct {
	Stage Stage

	// Rest is the path after the stage, possibly escaped: "" or "/" for a
	// client that connects, "/@connections/ID" for a call by a function.
	Rest string
}

// Stage is a snapshot of one deployed stage of a WebSocket API. Do not change
// it after Find has returned it.
type Stage struct {
	APIID, AccountID, Region string

	Name      string
	Variables map[string]string

	// Domain is the host of the API in events. If it is "", the host is the
	// name of the API's endpoint below localhost.
	Domain string

	// SelectionExpression selects a message's route, such as
	// $request.body.action. See CheckSelection.
	SelectionExpression string
	Routes              map[string]Route // by route key

	Endpoint string // URL for clients, such as ws://127.0.0.1:8080/_apis/ID/STAGE
}

// Route is one route of a WebSocket API. "$connect", "$disconnect" and
// "$default" are its predefined keys.
type Route struct {
	Key         string
	FunctionARN string        // "" for a $connect without an integration
	Timeout     time.Duration // of its integration, at most 29 s; 0 means 29 s

	// Authorizer decides on $connect. If it is nil, every client may connect.
	Authorizer *Authorizer
}

// Authorizer is a Lambda authorizer of type REQUEST. It answers with an IAM
// policy, because simple responses exist only for HTTP APIs.
type Authorizer struct {
	ID, FunctionARN string
	IdentitySources []string // such as route.request.header.NAME; if empty, the function is always called
}

// domain returns the host in events and in their headers. Where AWS has
// amazonaws.com or a custom domain, it has localhost and a port. Functions take
// it from the event to post to https://DOMAIN/STAGE/@connections, as in
// https://github.com/dherault/serverless-offline/issues/1353. Names below
// localhost never lead to another machine
// (https://datatracker.ietf.org/doc/html/rfc6761#section-6.3). Such a post
// succeeds with http.
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

// arn returns the ARN of a part of the stage for permissions and policies, such
// as arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/$connect
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html).
func (s Stage) arn(part string) string {
	return "arn:aws:execute-api:" + s.Region + ":" + s.AccountID + ":" + s.APIID + "/" + s.Name + "/" + part
}

// authorizerARN returns the source ARN for the function of an authorizer. It
// contains no stage.
func (s Stage) authorizerARN(id string) string {
	return "arn:aws:execute-api:" + s.Region + ":" + s.AccountID + ":" + s.APIID + "/authorizers/" + id
}
