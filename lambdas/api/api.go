// Package api is the common part of the functions behind an HTTP API: requests,
// responses, problems and the start of a function. It knows no domain.
//
// A domain, such as package items, has a type that embeds API and adds what its
// routes need, such as a table. Parts fill that type from the environment, so a
// binary contains only the AWS clients of its parts:
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

// Request and Response are the event and the response of an HTTP API in payload
// format 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type (
	Request  = events.APIGatewayV2HTTPRequest
	Response = events.APIGatewayV2HTTPResponse
)

// API is what every route needs. A domain's type embeds it.
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

// Problemer is implemented by every type that embeds API.
type Problemer interface {
	// Problem returns what the client reads for an error of the domain, and nil
	// for every other error. The method of API always returns nil. A domain
	// that has errors, such as table.ErrNotFound, declares its own method.
	Problem(error) *Problem

	base() *API
}

// Problem returns nil: API knows no error of a domain.
func (a *API) Problem(error) *Problem { return nil }

func (a *API) base() *API { return a }

// Route handles the requests of one route. Handler turns its error into a
// response.
type Route[P any] func(context.Context, P, Request) (Response, error)

// Part adds to a domain something that only some routes need, such as a table.
// It fails when a variable is missing.
type Part[P any] func(P, function.Environment) error

// Start serves a route until Lambda stops the process. If a part fails, Start
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

// New returns a domain with these parts. It fails when a part fails.
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

// Handler returns the handler that Lambda invokes. It never fails and never
// panics: it turns errors and panics into a response and a log line.
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

// RequestID returns API Gateway's request id, which the client gets in the
// header Apigw-Requestid. If the event has none, it returns Lambda's.
func RequestID(ctx context.Context, r Request) string {
	if r.RequestContext.RequestID != "" {
		return r.RequestContext.RequestID
	}
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		return invocation.AwsRequestID
	}
	return ""
}

// call runs the route and turns a panic into an error.
func call[P any](ctx context.Context, p P, route Route[P], r Request) (response Response, err error) {
	defer function.Catch(&err)
	return route(ctx, p, r)
}
