package httpapi

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// variableForm matches a variable of an access log format, known or not.
var variableForm = regexp.MustCompile(`\$[A-Za-z_]\w*(\.\w+)*`)

// absent replaces a variable without a value, as in AWS's examples.
const absent = "-"

// LogVariables returns the variables of an access log without "$context.":
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
// Variables of an authorizer are not listed; they begin with "authorizer.".
func LogVariables() []string {
	return []string{
		"accountId", "apiId", "awsEndpointRequestId", "awsEndpointRequestId2", "customDomain.basePathMatched", "dataProcessed",
		"domainName", "domainPrefix", "error.message", "error.messageString", "error.responseType", "extendedRequestId", "httpMethod",
		"identity.accountId", "identity.caller", "identity.clientCert.clientCertPem", "identity.clientCert.issuerDN",
		"identity.clientCert.serialNumber", "identity.clientCert.subjectDN", "identity.clientCert.validity.notAfter",
		"identity.clientCert.validity.notBefore", "identity.cognitoAuthenticationProvider", "identity.cognitoAuthenticationType",
		"identity.cognitoIdentityId", "identity.cognitoIdentityPoolId", "identity.principalOrgId", "identity.sourceIp", "identity.user",
		"identity.userAgent", "identity.userArn", "integration.error", "integration.integrationStatus", "integration.latency",
		"integration.requestId", "integration.status", "integrationErrorMessage", "integrationLatency", "integrationStatus", "path",
		"protocol", "requestId", "requestTime", "requestTimeEpoch", "responseLatency", "responseLength", "routeKey", "stage", "status",
	}
}

// RequestVariables returns the variables in LogVariables that are known when a
// request arrives. An authorizer may use them as identity sources.
func RequestVariables() []string {
	return []string{
		"accountId", "apiId", "customDomain.basePathMatched", "domainName", "domainPrefix", "extendedRequestId", "httpMethod", "identity.sourceIp",
		"identity.userAgent", "path", "protocol", "requestId", "requestTime", "requestTimeEpoch", "routeKey", "stage",
	}
}

// VariablesIn returns the variables in a format, also unknown ones.
func VariablesIn(format string) []string { return variableForm.FindAllString(format, -1) }

// A piece of a format is a text and the variable after it, without "$context.".
// The last piece has no variable.
type piece struct{ text, variable string }

// parseFormat splits a format after each variable.
func parseFormat(format string) []piece {
	var pieces []piece
	began := 0
	for _, at := range variableForm.FindAllStringIndex(format, -1) {
		pieces = append(pieces, piece{format[began:at[0]], strings.TrimPrefix(format[at[0]:at[1]], "$context.")})
		began = at[1]
	}
	return append(pieces, piece{text: format[began:]})
}

// log writes the line of a call that was answered at end.
func (g *Gateway) log(c *call, res response, end time.Time) {
	if g.options.AccessLog == nil || c.stage == nil || c.stage.AccessLog == nil {
		return
	}
	pieces := c.stage.AccessLog.pieces
	if pieces == nil {
		pieces = parseFormat(c.stage.AccessLog.Format)
	}
	var line []byte
	for _, p := range pieces {
		line = append(line, p.text...)
		if p.variable == "" {
			continue
		}
		value := c.logValue(p.variable, res, end)
		if value == "" {
			value = absent
		}
		line = append(line, value...)
	}
	// How AWS names the streams of an access log is not recorded.
	g.options.AccessLog(c.stage.AccessLog.Group, c.stage.APIID+"/"+c.stage.Name, line)
}

// requestValue returns the value of a variable in RequestVariables, or "".
func (c *call) requestValue(name string) string {
	switch r, s := c.request, c.stage; name {
	case "accountId":
		return s.AccountID
	case "apiId":
		return s.APIID
	case "stage":
		return s.Name
	case "requestId", "extendedRequestId":
		return c.id
	case "domainName":
		return c.host
	case "domainPrefix":
		prefix, _, _ := strings.Cut(c.host, ".")
		return prefix
	case "customDomain.basePathMatched":
		return strings.TrimPrefix(c.base, "/")
	case "httpMethod":
		return r.Method
	case "path":
		return c.path
	case "protocol":
		return r.Proto
	case "identity.sourceIp":
		return sourceIP(r)
	case "identity.userAgent":
		return r.UserAgent()
	case "requestTime":
		return c.now.UTC().Format(timeFormat)
	case "requestTimeEpoch":
		return strconv.FormatInt(c.now.UnixMilli(), 10)
	case "routeKey":
		if c.match.route != nil {
			return c.match.route.Key
		}
	}
	return ""
}

// logValue returns the value of a variable, or "". Variables of IAM and of
// client certificates have no value.
func (c *call) logValue(name string, res response, end time.Time) string {
	if value, ok := strings.CutPrefix(name, "authorizer."); ok {
		if value == "error" && c.authorization.err != nil {
			return escaped(c.authorization.err.Error())
		}
		return escaped(c.authorization.values[value])
	}
	length := 0
	if hasBody(res.status) {
		length = len(res.body)
	}
	switch name {
	case "status":
		return strconv.Itoa(res.status)
	case "responseLength":
		return strconv.Itoa(length)
	case "responseLatency":
		return milliseconds(end.Sub(c.now))
	case "dataProcessed": // that it counts both bodies is not recorded
		return strconv.Itoa(len(c.body) + length)
	}
	if strings.HasPrefix(name, "error.") {
		return errorValue(name, res)
	}
	if strings.HasPrefix(name, "integration") {
		return c.outcome.value(name, res)
	}
	return escaped(c.requestValue(name))
}

// errorValue returns the value of a variable about the gateway's error, or "".
func errorValue(name string, res response) string {
	if res.message == "" {
		return ""
	}
	switch name {
	case "error.message":
		return res.message
	case "error.messageString":
		return strconv.Quote(res.message)
	case "error.responseType":
		return responseType(res.status)
	}
	return ""
}

// outcome is the result of a call's integration.
type outcome struct {
	called        bool
	latency       time.Duration
	serviceStatus int   // Lambda's own status: 200 even if the function failed; 0 without an answer
	err           error // why the gateway answered with an error
}

// value returns the value of a variable about the integration, or "".
func (o outcome) value(name string, res response) string {
	switch name {
	case "integration.latency", "integrationLatency":
		if o.called {
			return milliseconds(o.latency)
		}
	case "integration.integrationStatus", "integrationStatus":
		if o.serviceStatus != 0 {
			return strconv.Itoa(o.serviceStatus)
		}
	case "integration.status":
		if o.serviceStatus != 0 && o.err == nil {
			return strconv.Itoa(res.status)
		}
	case "integration.error", "integrationErrorMessage":
		if o.err != nil {
			return escaped(o.err.Error())
		}
	}
	return ""
}

// escaped returns the text with JSON escapes, so that a client's text cannot
// end a member or the line. Whether AWS escapes it is not recorded.
func escaped(text string) string {
	quoted, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(text, "\uFFFD"))
	if err != nil {
		return absent
	}
	return string(quoted[1 : len(quoted)-1])
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// responseType returns a type of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-responses-types.html.
// Which types an HTTP API uses is not recorded.
func responseType(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "UNAUTHORIZED"
	case http.StatusForbidden:
		return "ACCESS_DENIED"
	case http.StatusNotFound:
		return "RESOURCE_NOT_FOUND"
	case http.StatusRequestEntityTooLarge:
		return "REQUEST_TOO_LARGE"
	case http.StatusTooManyRequests:
		return "THROTTLED"
	}
	if status >= 500 {
		return "DEFAULT_5XX"
	}
	return "DEFAULT_4XX"
}
