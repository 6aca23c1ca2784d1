package websocket

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"skiff/local/aws/apigateway/payload"
)

// An event is the input of a route's function
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html).
// Members without a value are absent, as in every recorded event.
type event struct {
	Headers           map[string]string   `json:"headers,omitempty"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders,omitempty"`
	Query             map[string]string   `json:"queryStringParameters,omitempty"`
	MultiValueQuery   map[string][]string `json:"multiValueQueryStringParameters,omitempty"`
	StageVariables    map[string]string   `json:"stageVariables,omitempty"`
	Context           requestContext      `json:"requestContext"`
	Body              *string             `json:"body,omitempty"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

// An authorization is the input of an authorizer's function
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html).
// The example there has empty stage variables. That an empty query is present
// too is not recorded.
type authorization struct {
	Type              string              `json:"type"`
	MethodARN         string              `json:"methodArn"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Query             map[string]string   `json:"queryStringParameters"`
	MultiValueQuery   map[string][]string `json:"multiValueQueryStringParameters"`
	StageVariables    map[string]string   `json:"stageVariables"`
	Context           requestContext      `json:"requestContext"`
}

type requestContext struct {
	RouteKey             string            `json:"routeKey"`
	DisconnectStatusCode int               `json:"disconnectStatusCode,omitempty"`
	Authorizer           map[string]string `json:"authorizer,omitempty"`
	MessageID            string            `json:"messageId,omitempty"`
	EventType            string            `json:"eventType"`
	ExtendedRequestID    string            `json:"extendedRequestId"`
	RequestTime          string            `json:"requestTime"`
	MessageDirection     string            `json:"messageDirection"`
	DisconnectReason     *string           `json:"disconnectReason,omitempty"`
	Stage                string            `json:"stage"`
	ConnectedAt          int64             `json:"connectedAt"` // Unix time in ms, like RequestTimeEpoch
	RequestTimeEpoch     int64             `json:"requestTimeEpoch"`
	Identity             identity          `json:"identity"`
	RequestID            string            `json:"requestId"`
	DomainName           string            `json:"domainName"`
	ConnectionID         string            `json:"connectionId"`
	APIID                string            `json:"apiId"`
}

type identity struct {
	UserAgent string `json:"userAgent,omitempty"`
	SourceIP  string `json:"sourceIp"`
}

// timeFormat is the format of the Common Log Format, as recorded.
const timeFormat = "02/Jan/2006:15:04:05 -0700"

// context returns the common part of a connection's events. Both ids of a
// request are equal, as in every recorded event.
func (c *connection) context(s Stage, routeKey, eventType, requestID string) requestContext {
	now := c.gateway.options.Now()
	return requestContext{
		RouteKey: routeKey, EventType: eventType, MessageDirection: "IN",
		RequestID: requestID, ExtendedRequestID: requestID,
		RequestTime: now.UTC().Format(timeFormat), RequestTimeEpoch: now.UnixMilli(),
		Stage: s.Name, DomainName: s.domain(), APIID: s.APIID,
		ConnectionID: c.id, ConnectedAt: c.connectedAt.UnixMilli(), Identity: c.identity(),
		Authorizer: c.authorizer,
	}
}

func (c *connection) identity() identity {
	return identity{UserAgent: c.request.UserAgent(), SourceIP: sourceIP(c.request)}
}

// connectEvent returns the only event that contains the client's request.
func (c *connection) connectEvent(s Stage, requestID string) event {
	headers, query := c.headers(s), query(c.request)
	return event{
		Headers: last(headers), MultiValueHeaders: headers, Query: last(query), MultiValueQuery: query,
		StageVariables: s.Variables, Context: c.context(s, "$connect", "CONNECT", requestID),
	}
}

func (c *connection) authorization(s Stage, requestID string) authorization {
	headers, query := c.headers(s), query(c.request)
	// Only the authorizer gets these three headers.
	headers["Connection"], headers["Upgrade"], headers["content-length"] = []string{"upgrade"}, []string{"websocket"}, []string{"0"}
	variables := map[string]string{}
	maps.Copy(variables, s.Variables)
	return authorization{
		Type: "REQUEST", MethodARN: s.arn("$connect"),
		Headers: last(headers), MultiValueHeaders: headers, Query: last(query), MultiValueQuery: query,
		StageVariables: variables, Context: c.context(s, "$connect", "CONNECT", requestID),
	}
}

func (c *connection) messageEvent(s Stage, routeKey, requestID, body string) event {
	e := event{StageVariables: s.Variables, Context: c.context(s, routeKey, "MESSAGE", requestID), Body: &body}
	e.Context.MessageID = payload.NewID()
	return e
}

// disconnectEvent has four headers, of which three are empty, as documented and
// recorded.
func (c *connection) disconnectEvent(s Stage, requestID string, code websocket.StatusCode, reason string) event {
	headers := map[string][]string{"Host": {s.domain()}, "x-api-key": {""}, "X-Forwarded-For": {""}, "x-restapi": {""}}
	e := event{
		Headers: last(headers), MultiValueHeaders: headers,
		StageVariables: s.Variables, Context: c.context(s, "$disconnect", "DISCONNECT", requestID),
	}
	e.Context.DisconnectStatusCode, e.Context.DisconnectReason = int(code), &reason
	return e
}

// headers returns the client's headers with those that the gateway adds. As for
// an HTTP API here, they claim the https and port 443 of an AWS endpoint. AWS
// keeps the spelling of the names, which the Go server does not. The WebSocket
// headers have the spelling that every client uses.
func (c *connection) headers(s Stage) map[string][]string {
	out := map[string][]string{}
	for name, values := range c.request.Header {
		switch name {
		case "Connection", "Upgrade": // absent from every recorded $connect
			continue
		}
		if rest, ok := strings.CutPrefix(name, "Sec-Websocket-"); ok {
			name = "Sec-WebSocket-" + rest
		}
		out[name] = values
	}
	from := slices.Concat(c.request.Header.Values("X-Forwarded-For"), []string{sourceIP(c.request)})
	out["Host"] = []string{s.domain()}
	out["X-Forwarded-For"] = []string{strings.Join(from, ", ")}
	out["X-Forwarded-Port"], out["X-Forwarded-Proto"] = []string{"443"}, []string{"https"}
	out["X-Amzn-Trace-Id"] = []string{c.trace}
	return out
}

// query returns the decoded query without its invalid pairs (not recorded).
func query(r *http.Request) map[string][]string {
	values, _ := url.ParseQuery(r.URL.RawQuery)
	return values
}

// last returns the last of several values, as REST APIs do
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html).
func last(values map[string][]string) map[string]string {
	out := make(map[string]string, len(values))
	for name, v := range values {
		out[name] = v[len(v)-1]
	}
	return out
}

func sourceIP(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// millis formats a time for @connections, in ISO 8601.
func millis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
