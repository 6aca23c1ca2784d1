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

// An event is the payload format 2.0 of a request:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// Members without a value are left out, but for rawQueryString and
// isBase64Encoded.
type event struct {
	requestEvent
	Body            string `json:"body,omitempty"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// A requestEvent is an event without its body, which is what an authorizer
// receives.
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
	Authorizer   any         `json:"authorizer,omitempty"` // nil for a route that is open to all
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

// A call is one request on its way through the gateway.
type call struct {
	request *http.Request
	id      string // Apigw-Requestid
	trace   string // X-Amzn-Trace-Id, for the authorizer and the integration
	now     time.Time
	stage   *Stage
	path    string // escaped, with the stage or the mapping's key, without any local prefix
	base    string // the part of path that a mapping took
	routed  string // the part of path that routes see
	host    string // of the API's endpoint
	match   match
	body    []byte
	outcome outcome

	authorization authorization
}

// timeFormat is that of the Common Log Format, as recorded.
const timeFormat = "02/Jan/2006:15:04:05 -0700"

// event is the event of a call, which changes nothing of it.
func (c *call) event() event {
	e := event{requestEvent: c.requestEvent()}
	e.Body, e.IsBase64Encoded = encodeBody(c.request.Header.Get("Content-Type"), c.body)
	return e
}

func (c *call) requestEvent() requestEvent {
	// The path is decoded and keeps the stage, here and in http.path (recorded;
	// the stage prefix is seen in aws-lambda-rust-runtime's test data).
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

// headers returns the request's headers with names in lower case, those sent
// more than once joined. The recording joins by ", " (its client may have done
// so itself), the example in the documentation by ",": the recording wins.
//
// content-length stands even when the client sent none (aws-lambda-go's sample
// is of a curl GET). What the gateway adds is recorded; here it claims the
// https and port 443 of an AWS endpoint too, so that a function which sends
// http clients elsewhere behaves alike.
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

// traceOf is the trace id of a request: a client's own is kept (not recorded).
func traceOf(r *http.Request, now time.Time) string {
	if given := strings.Join(r.Header.Values("X-Amzn-Trace-Id"), ", "); strings.HasPrefix(given, "Root=") {
		return given
	}
	return payload.NewTrace(now)
}

// hopByHop tells the headers that end at the gateway. Which of them AWS keeps
// is not recorded.
func hopByHop(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect":
		return true
	}
	return false
}

// cookies splits the cookie header, which then is not among the headers
// (recorded). What stands between two semicolons goes through as it is.
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

// queryParameters decodes a query; a name given twice has its values joined by
// "," (both recorded). A plus sign is taken for a space and what is not valid
// is left as it is (neither recorded).
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

// encodeBody returns the body as the event holds it: text for the types below,
// base64 for all others, a missing type and application/x-www-form-urlencoded
// among them. AWS does not list the types; they are those that
// https://github.com/ministackorg/ministack/pull/766 reports from trials on AWS.
// A text that is not valid UTF-8 cannot stand in JSON and is sent as base64,
// which leaves it to the function to refuse it (not recorded).
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
	if err != nil { // a broken parameter does not change the type
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
