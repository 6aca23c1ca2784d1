package items

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"skiff/lambdas/event"
	"skiff/lambdas/function"
)

// Request and Response are payload format 2.0 of an HTTP API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type (
	Request  = events.APIGatewayV2HTTPRequest
	Response = events.APIGatewayV2HTTPResponse
)

// Route answers the requests of one route. Its error, if any, is turned into
// the answer by the API.
type Route func(context.Context, *API, Request) (Response, error)

// API is what the routes work with.
type API struct {
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger

	// What follows is nil in a function that is not started with it.
	Store        *Store
	Events       Events
	CursorSecret Secret
}

// Events is where the events of items go.
type Events interface {
	Send(context.Context, event.Event) error
}

// Secret is a value that no setting carries.
type Secret interface {
	Value(context.Context) (string, error)
}

// answerTime is kept back of an invocation's time, for the answer to get out
// before Lambda ends the process.
const answerTime = 500 * time.Millisecond

// Handler makes a route what Lambda calls. The handler itself never fails and
// never panics: whatever happens is an answer, and a line in the log.
func (a *API) Handler(route Route) func(context.Context, Request) (Response, error) {
	return func(ctx context.Context, r Request) (Response, error) {
		began := a.Now()
		id := requestID(ctx, r)
		log := a.Log.With("requestId", id)
		if deadline, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-answerTime))
			defer cancel()
		}
		code := Code("")
		response, err := call(ctx, a, route, r)
		if err != nil {
			problem := problemOf(err)
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

// requestID is the gateway's id, which the client sees as Apigw-Requestid too,
// or else Lambda's.
func requestID(ctx context.Context, r Request) string {
	if r.RequestContext.RequestID != "" {
		return r.RequestContext.RequestID
	}
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		return invocation.AwsRequestID
	}
	return ""
}

// call runs the route and makes a panic an error.
func call(ctx context.Context, a *API, route Route, r Request) (response Response, err error) {
	defer function.Catch(&err)
	return route(ctx, a, r)
}

// Respond is an answer with a JSON body, or with none at all for an empty one.
func Respond(status int, body []byte) Response {
	headers := map[string]string{"X-Content-Type-Options": "nosniff"}
	if len(body) > 0 {
		headers["Content-Type"] = "application/json"
	}
	return Response{StatusCode: status, Headers: headers, Body: string(body)}
}

// RespondItem is an answer that shows one item.
func RespondItem(status int, item *Item) (Response, error) {
	body, err := item.AppendJSON(nil)
	if err != nil {
		return Response{}, err
	}
	response := Respond(status, body)
	response.Headers["ETag"] = ETag(item.Version)
	return response, nil
}
