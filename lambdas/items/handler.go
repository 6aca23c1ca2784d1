package items

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
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
	Store  *Store // nil in a function without a table
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
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

// call runs the route and makes a panic an error that names its place. The
// stack stays out of the log: the runtime's own report would print it.
func call(ctx context.Context, a *API, route Route, r Request) (response Response, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic of %T at %s", value, panicPlace())
		}
	}()
	return route(ctx, a, r)
}

// panicPlace is the function and line that panicked.
func panicPlace() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if !more || !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s line %d", frame.Function, frame.Line)
		}
	}
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
