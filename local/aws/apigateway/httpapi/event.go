package httpapi

import (
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"skiff/local/aws/apigateway/payload"
)

// An event is a request in payload format 2.0:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// Members without a value are left out, except rawQueryString and
// isBase64Encoded.
type event struct {
	requestEvent
	Body            string `json:"body,omitempty"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// A requestEvent is an event without its body. An authorizer receives this
// part.
type requestEvent struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        requestContext    `json:"requestContext"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	StageVariables        map[string]string `json:"stageVariables,omitempty"`
}

type requestContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	Authorizer   any         `json:"authorizer,omitempty"` // nil for a public route
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         httpContext `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"`
}

type httpContext struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// A call is one request in the gateway.
type call struct {
	request *http.Request
	id      string // Apigw-Requestid
	trace   string // X-Amzn-Trace-Id, for the authorizer and the integration
	now     time.Time
	stage   *Stage
	path    string // escaped, with the stage or the mapping's key
	base    string // the part of path that the mapping's key matches
	routed  string // the part of path that routes match
	host    string // the host name of the API's endpoint
	match   match
	body    []byte
	outcome outcome

	authorization authorization
}

// timeFormat is the Common Log Format's (recorded).
const timeFormat = "02/Jan/2006:15:04:05 -0700"

// event returns the event of a call. It does not change the call.
func (c *call) event() event {
	e := event{requestEvent: c.requestEvent()}
	e.Body, e.IsBase64Encoded = encodeBody(c.request.Header.Get("Content-Type"), c.body)
	return e
}

func (c *call) requestEvent() requestEvent {
	// The path is decoded and keeps the stage, here and in http.path (recorded;
	// aws-lambda-rust-runtime's test data shows the stage).
	path := Decode(c.path)
	prefix, _, _ := strings.Cut(c.host, ".")
	return requestEvent{
		Version: "2.0", RouteKey: c.match.route.Key, RawPath: path, RawQueryString: c.request.URL.RawQuery,
		Cookies: cookies(c.request.Header), Headers: c.headers(),
		QueryStringParameters: queryParameters(c.request.URL.RawQuery),
		PathParameters:        c.match.parameters,
		StageVariables:        c.stage.Variables,
		RequestContext: requestContext{
			AccountID: c.stage.AccountID, APIID: c.stage.APIID, Authorizer: c.authorization.event, DomainName: c.host, DomainPrefix: prefix,
			HTTP: httpContext{
				Method: c.request.Method, Path: path, Protocol: c.request.Proto,
				SourceIP: sourceIP(c.request), UserAgent: c.request.UserAgent(),
			},
			RequestID: c.id, RouteKey: c.match.route.Key, Stage: c.stage.Name,
			Time: c.now.UTC().Format(timeFormat), TimeEpoch: c.now.UnixMilli(),
		},
	}
}

// headers returns the request's headers, with names in lower case. Values of a
// repeated header are joined by ", " as in the recording, although the client
// that made it may have joined them. The example in the documentation joins by
// ",".
//
// There is always a content-length: aws-lambda-go's sample of a curl GET has
// one too. The headers that the gateway adds are recorded. They name https and
// port 443 as on AWS, so that a function that redirects http clients works the
// same way.
func (c *call) headers() map[string]string {
	out := make(map[string]string, len(c.request.Header)+6)
	for name, values := range c.request.Header {
		if !hopByHop(name) && name != "Cookie" {
			out[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	out["host"] = c.host
	out["content-length"] = strconv.Itoa(len(c.body))
	out["x-forwarded-port"] = "443"
	out["x-forwarded-proto"] = "https"
	out["x-forwarded-for"] = sourceIP(c.request)
	if given := c.request.Header.Values("X-Forwarded-For"); len(given) > 0 {
		out["x-forwarded-for"] = strings.Join(given, ", ") + ", " + sourceIP(c.request)
	}
	out["x-amzn-trace-id"] = c.trace
	return out
}

// traceOf returns the request's trace id. It keeps an id that the client sends
// (not recorded).
func traceOf(r *http.Request, now time.Time) string {
	if given := strings.Join(r.Header.Values("X-Amzn-Trace-Id"), ", "); strings.HasPrefix(given, "Root=") {
		return given
	}
	return payload.NewTrace(now)
}

// hopByHop reports whether a header ends at the gateway. Which headers AWS
// keeps is not recorded.
func hopByHop(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect":
		return true
	}
	return false
}

// cookies splits the Cookie header, which the event's headers then lack
// (recorded). It does not check the text between semicolons.
func cookies(h http.Header) []string {
	var out []string
	for _, line := range h.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				out = append(out, cookie)
			}
		}
	}
	return out
}

// queryParameters decodes a query and joins the values of a repeated name by
// "," (both recorded). A plus sign means a space, and invalid encodings stay as
// they are (neither recorded).
func queryParameters(raw string) map[string]string {
	var out map[string]string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = decodeQuery(name), decodeQuery(value)
		if out == nil {
			out = map[string]string{}
		}
		if before, again := out[name]; again {
			value = before + "," + value
		}
		out[name] = value
	}
	return out
}

func decodeQuery(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// encodeBody returns the body as in the event, and whether it is base64. JSON,
// XML, JavaScript and text/* are text. All others are base64, also a missing
// type and application/x-www-form-urlencoded. AWS does not list the types; this
// list is from trials on AWS:
// https://github.com/ministackorg/ministack/pull/766.
//
// A text with invalid UTF-8 cannot be in JSON, so it is sent as base64, and the
// function may refuse it (not recorded).
func encodeBody(contentType string, body []byte) (string, bool) {
	if len(body) == 0 {
		return "", false
	}
	if isText(contentType) && utf8.Valid(body) {
		return string(body), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

func isText(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil { // an invalid parameter does not change the type
		kind, _, _ = strings.Cut(contentType, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	switch kind {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

func sourceIP(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}
