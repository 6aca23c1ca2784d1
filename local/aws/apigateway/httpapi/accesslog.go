package httpapi

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// variableForm is a variable of an access log format, or what is written like
// one.
var variableForm = regexp.MustCompile(`\$[A-Za-z_]\w*(\.\w+)*`)

// absent stands for a variable without a value, as in the lines of AWS's own
// examples.
const absent = "-"

// LogVariables are those of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
// without "$context."; what an authorizer adds is told by its prefix.
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

// RequestVariables are those of LogVariables that a request has from the
// start, before anything has become of it: an authorizer may have them as
// identity sources.
func RequestVariables() []string {
	return []string{
		"accountId", "apiId", "customDomain.basePathMatched", "domainName", "domainPrefix", "extendedRequestId", "httpMethod", "identity.sourceIp",
		"identity.userAgent", "path", "protocol", "requestId", "requestTime", "requestTimeEpoch", "routeKey", "stage",
	}
}

// VariablesIn returns what a format has of variables, and of what is written like
// one.
func VariablesIn(format string) []string { return variableForm.FindAllString(format, -1) }

// log writes the line of a call that has been answered at the time end.
func (g *Gateway) log(c *call, res response, end time.Time) {
	if g.options.AccessLog == nil || c.stage == nil || c.stage.AccessLog == nil {
		return
	}
	values := c.logValues(res, end)
	line := variableForm.ReplaceAllStringFunc(c.stage.AccessLog.Format, func(variable string) string {
		value, ok := values[strings.TrimPrefix(variable, "$context.")]
		if !ok || value == "" {
			return absent
		}
		return value
	})
	// What AWS calls the streams of an access log is not recorded.
	g.options.AccessLog(c.stage.AccessLog.Group, c.stage.APIID+"/"+c.stage.Name, []byte(line))
}

// requestValues are the variables of a request itself, which RequestVariables
// names.
func (c *call) requestValues() map[string]string {
	r, s := c.request, c.stage
	prefix, _, _ := strings.Cut(c.host, ".")
	v := map[string]string{
		"accountId": s.AccountID, "apiId": s.APIID, "stage": s.Name, "requestId": c.id, "extendedRequestId": c.id,
		"domainName": c.host, "domainPrefix": prefix, "customDomain.basePathMatched": strings.TrimPrefix(c.base, "/"),
		"httpMethod": r.Method, "path": c.path, "protocol": r.Proto, "identity.sourceIp": sourceIP(r), "identity.userAgent": r.UserAgent(),
		"requestTime": c.now.UTC().Format(timeFormat), "requestTimeEpoch": strconv.FormatInt(c.now.UnixMilli(), 10),
	}
	if c.match.route != nil {
		v["routeKey"] = c.match.route.Key
	}
	return v
}

// logValues are the variables that have a value. Those of IAM and of a client
// certificate have none here.
func (c *call) logValues(res response, end time.Time) map[string]string {
	length := 0
	if hasBody(res.status) {
		length = len(res.body)
	}
	v := c.requestValues()
	for name, value := range c.authorization.values {
		v["authorizer."+name] = value
	}
	if c.authorization.err != nil {
		v["authorizer.error"] = c.authorization.err.Error()
	}
	for name, value := range v {
		v[name] = escaped(value)
	}
	v["status"], v["responseLength"] = strconv.Itoa(res.status), strconv.Itoa(length)
	v["responseLatency"] = milliseconds(end.Sub(c.now))
	// That it counts both bodies is not recorded.
	v["dataProcessed"] = strconv.Itoa(len(c.body) + length)
	if res.message != "" {
		v["error.message"], v["error.messageString"] = res.message, strconv.Quote(res.message)
		v["error.responseType"] = responseType(res.status)
	}
	if c.outcome.called {
		v["integration.latency"] = milliseconds(c.outcome.latency)
		v["integrationLatency"] = v["integration.latency"]
		if c.outcome.serviceStatus != 0 {
			v["integration.integrationStatus"] = strconv.Itoa(c.outcome.serviceStatus)
			v["integrationStatus"] = v["integration.integrationStatus"]
			if c.outcome.err == nil {
				v["integration.status"] = v["status"]
			}
		}
	}
	if c.outcome.err != nil {
		v["integration.error"] = escaped(c.outcome.err.Error())
		v["integrationErrorMessage"] = v["integration.error"]
	}
	return v
}

// outcome is what became of the integration of a call.
type outcome struct {
	called        bool
	latency       time.Duration
	serviceStatus int   // of Lambda itself, which is 200 for a function that failed; 0 without an answer
	err           error // why the answer is the gateway's own
}

// escaped is a text as it stands between the quotes of JSON, so that nothing a
// client sends can end its member or the line. Whether AWS does so is not
// recorded.
func escaped(text string) string {
	quoted, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(text, "\uFFFD"))
	if err != nil {
		return absent
	}
	return string(quoted[1 : len(quoted)-1])
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// responseType is one of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-responses-types.html.
// Which of them an HTTP API names is not recorded.
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
