// Package api is what the functions behind an HTTP API have in common, whatever
// their domain: requests and answers, problems, and the start of a function.
//
// A domain such as package items has a type that embeds API and holds what its
// routes need beyond it, such as a table. Parts fill that type from the
// environment, so a binary holds the clients of its own parts alone:
//
//	func main() { api.Start(create.Handle, items.WithTable, events.WithQueue) }
package api

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"skiff/lambdas/function"
)

// Request and Response are payload format 2.0 of an HTTP API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type (
	Request  = events.APIGatewayV2HTTPRequest
	Response = events.APIGatewayV2HTTPResponse
)

// API is what every route works with. A domain embeds it in a type of its own.
type API struct {
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
}

// Domain is a pointer to a struct D that embeds API.
type Domain[D any] interface {
	*D
	Problemer
}

// Problemer is what embedding API gives a domain.
type Problemer interface {
	// Problem turns an error of the domain into the problem that the client
	// reads, and returns nil for every other error. The method of API knows no
	// error: a domain with errors of its own, such as table.ErrNotFound,
	// declares Problem itself.
	Problem(error) *Problem

	base() *API
}

// Problem returns nil, as for any error that no domain explains.
func (a *API) Problem(error) *Problem { return nil }

func (a *API) base() *API { return a }

// Route answers the requests of one route of a domain. Handler turns its error
// into an answer.
type Route[P any] func(context.Context, P, Request) (Response, error)

// Part gives a domain something that not every route needs, made from the
// environment. It fails when the environment lacks a variable.
type Part[P any] func(P, function.Environment) error

// Start serves a route until Lambda ends the process. When a part fails, Start
// logs one line and exits with 1.
func Start[D any, P Domain[D]](route Route[P], parts ...Part[P]) {
	function.Start(func(e function.Environment) (any, error) {
		p, err := New[D](e, parts...)
		if err != nil {
			return nil, err
		}
		return Handler(p, route), nil
	})
}

// New makes a domain of these parts. It fails when one of them does.
func New[D any, P Domain[D]](e function.Environment, parts ...Part[P]) (P, error) {
	p := P(new(D))
	*p.base() = API{Now: time.Now, Random: rand.Reader, Log: e.Log}
	for _, part := range parts {
		if err := part(p, e); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Handler returns what Lambda calls. It never fails and never panics: whatever
// happens is an answer, and a line in the log.
func Handler[P Problemer](p P, route Route[P]) func(context.Context, Request) (Response, error) {
	a := p.base()
	return func(ctx context.Context, r Request) (Response, error) {
		began := a.Now()
		id := RequestID(ctx, r)
		log := a.Log.With("requestId", id)
		ctx, cancel := function.Deadline(ctx)
		defer cancel()
		code := Code("")
		response, err := call(ctx, p, route, r)
		if err != nil {
			problem := problemOf(p, err)
			code, response = problem.Code, problem.answer(id)
			if response.StatusCode >= http.StatusInternalServerError {
				log.Error("request failed", "error", err.Error())
			}
		}
		line := []any{
			"method", r.RequestContext.HTTP.Method, "route", r.RouteKey, "status", response.StatusCode,
			"durationMs", float64(a.Now().Sub(began).Microseconds()) / 1000,
		}
		if code != "" {
			line = append(line, "code", string(code))
		}
		log.Info("request", line...)
		return response, nil
	}
}

// RequestID is the gateway's id, which the client sees as Apigw-Requestid too,
// or else Lambda's.
func RequestID(ctx context.Context, r Request) string {
	if r.RequestContext.RequestID != "" {
		return r.RequestContext.RequestID
	}
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		return invocation.AwsRequestID
	}
	return ""
}

// call runs the route and makes a panic an error.
func call[P any](ctx context.Context, p P, route Route[P], r Request) (response Response, err error) {
	defer function.Catch(&err)
	return route(ctx, p, r)
}
