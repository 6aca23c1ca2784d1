package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"skiff/local/aws/apigateway/payload"
	"skiff/local/aws/lambda"
)

// Limits of an HTTP API:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const (
	maxHeadBytes = 10_240   // request line and headers
	maxBodyBytes = 10 << 20 // "10 MB"; that this is 10 × 2^20 is not recorded
	MaxTimeout   = 30 * time.Second
)

// Options configure a gateway. Requests call the functions concurrently.
type Options struct {
	// Find returns the target of a request. The gateway answers 403 to
	// ErrForbidden and ErrHost, and 404 to any other error. Serve does not call
	// it.
	Find func(r *http.Request) (Target, error)

	// Verify returns the claims of a token with a valid signature, whoever
	// issued it. Numbers are json.Number. The gateway checks the claims. The
	// client sees the error's text. If nil, the gateway accepts no token.
	Verify func(token string) (claims map[string]any, err error)

	// Invoke runs the function of the route or authorizer that sourceARN names.
	// For a route, its error determines the status: 503 for
	// lambda.ErrThrottled, lambda.ErrClosed and the end of ctx, 413 for
	// lambda.ErrPayloadTooLarge, else 500. Examples of 500 are a missing
	// permission and a missing function.
	Invoke func(ctx context.Context, functionARN, sourceARN string, payload []byte) (lambda.Result, error)

	// AccessLog writes the line of a request to its stage's log group. It may
	// be nil.
	AccessLog func(group, stream string, line []byte)

	// Observe gets each answered request, before the client gets the answer. It
	// must not block. It may be nil.
	Observe func(Exchange)

	// Now returns the time for requests and their limits. If nil, it is
	// time.Now.
	Now func() time.Time

	// Log gets the reason of each 5xx answer, which the client never sees. It
	// may be nil.
	Log func(requestID string, err error)

	// HeaderTimeout and BodyTimeout limit the time to read a request; if zero,
	// they are 10 s and 30 s. AWS does not document its limits.
	HeaderTimeout, BodyTimeout time.Duration
}

// Gateway serves APIs. New makes one.
type Gateway struct {
	options  Options
	throttle throttle
	verdicts verdicts
}

// New returns a gateway for o.
func New(o Options) *Gateway {
	if o.HeaderTimeout == 0 {
		o.HeaderTimeout = 10 * time.Second
	}
	if o.BodyTimeout == 0 {
		o.BodyTimeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Gateway{options: o}
}

// Server returns a server of the gateway with its limits, for a listener of
// Listen. The http.Server itself answers 400 to what is not HTTP, and 431 to a
// head above 64 KiB. These two answers have no Apigw-Requestid.
func (g *Gateway) Server() *http.Server {
	return &http.Server{
		Handler:                      g,
		ReadHeaderTimeout:            g.options.HeaderTimeout,
		IdleTimeout:                  time.Minute,
		ConnState:                    follow,
		MaxHeaderBytes:               64 << 10, // above maxHeadBytes, so that the gateway can answer
		DisableGeneralOptionsHandler: true,     // "OPTIONS *" is not a path of an API
	}
}

// ServeHTTP answers one request, for the target that Options.Find returns.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, err := g.options.Find(r)
	g.Serve(w, r, target, err)
}

// Serve answers a request for a target, or for the error in finding it. It
// never redirects and never cleans a path.
func (g *Gateway) Serve(w http.ResponseWriter, r *http.Request, target Target, found error) {
	now := g.options.Now()
	c := &call{request: r, id: payload.NewID(), trace: traceOf(r, now), now: now}
	res := g.answer(w, c, target, found)
	end := g.options.Now()
	g.log(c, res, end)
	if c.stage != nil {
		c.stage.CORS.apply(res.header, r)
	}
	g.observe(c, res, end)
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(MaxTimeout)) // limits a client that does not read
	res.send(w, c.id)
}

// answer finds the stage and the route of a call and runs the integration.
func (g *Gateway) answer(w http.ResponseWriter, c *call, target Target, err error) response {
	r := c.request
	if headBytes(r) > maxHeadBytes {
		// Neither the status nor the text is recorded.
		return gatewayError(http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
	}
	switch {
	case errors.Is(err, ErrHost):
		return foreignHost(err)
	case errors.Is(err, ErrForbidden):
		return forbidden()
	case err != nil:
		return notFound()
	case target.Path == "":
		target.Path = "/"
	case target.Path[0] != '/':
		return notFound()
	}
	c.path, c.base, c.host = target.Path, target.Base, target.Host
	if c.stage, c.routed = target.Stage(); c.stage == nil {
		return notFound()
	}
	var found bool
	c.match, found = findRoute(c.stage.Routes, r.Method, c.routed)
	preflight := !found && c.stage.CORS.isPreflight(r)
	switch {
	case !found && !preflight:
		return notFound()
	case !g.throttle.admits(c.stage, c.match.route, c.now):
		return tooManyRequests()
	case preflight:
		return response{status: http.StatusNoContent, header: http.Header{}}
	}
	// The body is read before the authorizer runs: a client that is still
	// sending would see a reset connection, not the authorizer's answer.
	if c.body, err = g.readBody(w, r); err != nil {
		return refuseBody(err)
	}
	if refusal := g.authorize(c); refusal != nil {
		return *refusal
	}
	return g.integrate(c)
}

// report logs the reason of a 5xx answer.
func (g *Gateway) report(c *call, err error) {
	if g.options.Log != nil {
		g.options.Log(c.id, fmt.Errorf("route %s: %w", c.match.route.Key, err))
	}
}

// integrate calls the function of the matched route.
func (g *Gateway) integrate(c *call) response {
	fail := func(res response, err error) response {
		c.outcome.err = err
		g.report(c, err)
		return res
	}
	i := c.match.route.Integration
	if i == nil || i.PayloadFormatVersion != "2.0" {
		return fail(internalError(), errors.New("no integration of payload format 2.0"))
	}
	sent, err := payload.Encode(c.event())
	if err != nil {
		return fail(internalError(), err)
	}
	timeout := i.Timeout
	if timeout <= 0 || timeout > MaxTimeout {
		timeout = MaxTimeout
	}
	ctx, cancel := context.WithTimeout(g.origin(c, "request"), timeout)
	defer cancel()
	began := g.options.Now()
	result, err := g.options.Invoke(ctx, i.FunctionARN, c.sourceARN(), sent)
	c.outcome = outcome{called: true, latency: g.options.Now().Sub(began)}
	if err == nil {
		c.outcome.serviceStatus = http.StatusOK
	}
	switch {
	case errors.Is(err, lambda.ErrPayloadTooLarge): // aws-lambda-dotnet's tests expect it
		return entityTooLarge()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, lambda.ErrThrottled), errors.Is(err, lambda.ErrClosed):
		// Commonly reported for timeouts. UNVERIFIED for timeouts and throttling.
		return fail(unavailable(), err)
	case err != nil: // such as no permission: https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md
		return fail(internalError(), err)
	case result.FunctionError != "":
		return fail(internalError(), fmt.Errorf("function error %s: %s", result.FunctionError, result.Payload))
	}
	res, err := readResponse(result.Payload)
	if err != nil {
		return fail(internalError(), fmt.Errorf("the function's answer: %w", err))
	}
	return res
}

// sourceARN returns the ARN of the route, as Lambda permissions name it: the
// request's method and the declared path. The form is from permissions that
// AWS's console creates. What AWS compares them with is not documented.
func (c *call) sourceARN() string {
	s := c.stage
	arn := "arn:aws:execute-api:" + s.Region + ":" + s.AccountID + ":" + s.APIID + "/" + s.Name + "/"
	if c.match.route.Key == "$default" {
		return arn + "$default"
	}
	_, path, _ := strings.Cut(c.match.route.Key, " ")
	return arn + c.request.Method + path
}

// readBody reads the whole body, within the limits of time and size.
func (g *Gateway) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == nil {
		return nil, nil
	}
	control := http.NewResponseController(w)
	// This fails for a recorder in a test, which has no connection.
	_ = control.SetReadDeadline(time.Now().Add(g.options.BodyTimeout))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err == nil && len(body) > maxBodyBytes {
		// Read on for a while: a client that is still sending would see a reset
		// connection, not the answer.
		_, _ = io.CopyN(io.Discard, r.Body, maxBodyBytes)
		err = errBodySize
	}
	if err != nil {
		return nil, err
	}
	// The deadline stays set. The server needs it if it reads on before it
	// closes, and removes it after reading the whole body.
	return body, nil
}

func refuseBody(err error) response {
	var res response
	var network net.Error
	switch {
	case errors.Is(err, errBodySize):
		return entityTooLarge()
	case errors.As(err, &network) && network.Timeout(): // not recorded
		res = gatewayError(http.StatusRequestTimeout, "Request Timeout")
	default: // the body ended early or has an invalid chunked encoding; not recorded
		res = gatewayError(http.StatusBadRequest, "Bad Request")
	}
	res.closing = true
	return res
}

// headBytes returns the size of the request line and the headers as sent.
func headBytes(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len("  \r\n") + len("Host: \r\n") + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			n += len(name) + len(value) + len(": \r\n")
		}
	}
	return n
}
