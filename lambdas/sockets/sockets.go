// Package sockets is the function behind the WebSocket API. It records which
// clients are connected.
package sockets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/connections"
	"skiff/lambdas/function"
	"skiff/lambdas/names"
)

// Request and Response are the event and the response of a WebSocket API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
type (
	Request  = events.APIGatewayWebsocketProxyRequest
	Response = events.APIGatewayProxyResponse
)

// Sockets handles the API's routes.
type Sockets struct {
	Connections connections.Table
	Now         func() time.Time
	Log         *slog.Logger
}

// Open returns the handler that Lambda invokes. It fails when a variable is
// missing.
func Open(e function.Environment) (any, error) {
	t, err := connections.Open(e)
	s := &Sockets{Connections: t, Now: time.Now, Log: e.Log}
	return s.Handle, err
}

// Handle records that a client connects or disconnects. It never fails and
// never panics. If it cannot record a client, it answers 500, and API Gateway
// refuses the connection.
func (s *Sockets) Handle(ctx context.Context, r Request) (Response, error) {
	ctx, cancel := function.Deadline(ctx)
	defer cancel()
	log := s.Log.With("requestId", r.RequestContext.RequestID, "route", r.RequestContext.RouteKey)
	response, err := s.route(ctx, r)
	if err != nil {
		log.Error("request failed", "error", err.Error())
		response = respond(http.StatusInternalServerError, "Internal server error")
	}
	log.Info("request", "connectionId", r.RequestContext.ConnectionID, "status", response.StatusCode)
	return response, nil
}

func (s *Sockets) route(ctx context.Context, r Request) (response Response, err error) {
	defer function.Catch(&err)
	switch r.RequestContext.RouteKey {
	case "$connect":
		err = s.Connections.Add(ctx, connections.Connection{ID: r.RequestContext.ConnectionID, Subject: subjectOf(r), Since: s.Now()})
	case "$disconnect":
		err = s.Connections.Remove(ctx, r.RequestContext.ConnectionID)
	default:
		// A client only receives on this socket. It sends requests to the HTTP
		// API.
		return respond(http.StatusBadRequest, "this socket only sends changes of items; send requests to the HTTP API"), nil
	}
	if errors.Is(err, connections.ErrID) {
		err = fmt.Errorf("%w: %.40q", err, r.RequestContext.ConnectionID)
	}
	return respond(http.StatusOK, "OK"), err
}

// subjectOf returns the subject that the authorizer passes on, or "".
func subjectOf(r Request) string {
	passed, _ := r.RequestContext.Authorizer.(map[string]any)
	subject, _ := passed[names.SubjectContext].(string)
	return subject
}

// respond returns a response in the form that API Gateway itself uses. For
// $connect, the client sees only the status. For $default it sees only the
// body, and only if the route has a route response.
func respond(status int, message string) Response {
	body, _ := json.Marshal(map[string]string{"message": message}) // strings only: this cannot fail
	return Response{
		StatusCode: status, Body: string(body),
		Headers: map[string]string{"Content-Type": "application/json"},
	}
}
