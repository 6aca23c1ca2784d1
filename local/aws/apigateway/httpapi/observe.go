package httpapi

import (
	"context"
	"net/http"
	"time"

	"skiff/local/aws/lambda"
)

// Exchange is a request and its answer, for an observer. Do not change the
// slices and maps: they are shared.
type Exchange struct {
	ID       string // Apigw-Requestid
	Method   string
	URI      string // as sent
	Host     string // as sent
	Header   http.Header
	Body     []byte
	Route    string // the route's key; "" if none matched
	API      string // id; "" if none was found
	Stage    string
	Began    time.Time
	Duration time.Duration

	Status       int
	AnswerHeader http.Header
	Answer       []byte
	Err          error // why the gateway answered 5xx

	Authorizer string // "function" or "JWT"; "" if the route has none or it was not reached
	Kept       bool   // the answer came from the cache
	Refused    error  // why it denied the request or failed
}

// observe passes an answered call to Options.Observe.
func (g *Gateway) observe(c *call, res response, end time.Time) {
	if g.options.Observe == nil {
		return
	}
	r := c.request
	e := Exchange{
		ID: c.id, Method: r.Method, URI: r.RequestURI, Host: r.Host, Header: r.Header, Body: c.body, Began: c.now, Duration: end.Sub(c.now),
		Status: res.status, AnswerHeader: res.header, Answer: res.body, Err: c.outcome.err,
		Kept: c.authorization.kept, Refused: c.authorization.err,
	}
	if c.stage != nil {
		e.API, e.Stage = c.stage.APIID, c.stage.Name
	}
	if route := c.match.route; route != nil {
		e.Route = route.Key
		asked := c.authorization.event != nil || c.authorization.err != nil
		if route.Authorizer != nil && asked {
			e.Authorizer = "function"
			if route.Authorizer.JWT != nil {
				e.Authorizer = "JWT"
			}
		}
	}
	g.options.Observe(e)
}

// origin returns the context for a call's invocations, with their origin.
func (g *Gateway) origin(c *call, kind string) context.Context {
	ctx := c.request.Context()
	if g.options.Observe == nil {
		return ctx
	}
	return lambda.WithOrigin(ctx, lambda.Origin{Kind: kind, ID: c.id, Source: c.match.route.Key})
}
