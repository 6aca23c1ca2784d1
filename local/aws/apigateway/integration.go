package apigateway

import (
	"cmp"
	"context"
	"regexp"
	"time"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// IntegrationInputs holds the inputs of an integration: a function behind an
// API. HTTP proxies, private links and requests to AWS services are not
// supported. The templates and conversions of WebSocket APIs are not supported
// either.
type IntegrationInputs struct {
	APIID                string `json:"apiId" aws:"required,replace"`
	IntegrationType      string `json:"integrationType" aws:"required,replace"`
	IntegrationURI       string `json:"integrationUri,omitempty" aws:"required"`
	IntegrationMethod    string `json:"integrationMethod,omitempty" aws:"idle"`
	ConnectionType       string `json:"connectionType,omitempty"`
	Description          string `json:"description,omitempty" aws:"idle"`
	PayloadFormatVersion string `json:"payloadFormatVersion,omitempty"`
	TimeoutMilliseconds  int    `json:"timeoutMilliseconds,omitempty"`
}

// IntegrationOutputs holds the outputs and defaults that AWS adds to an
// integration.
type IntegrationOutputs struct {
	ConnectionType              string `json:"connectionType"`
	PayloadFormatVersion        string `json:"payloadFormatVersion"`
	ResponseSelectionExpression string `json:"integrationResponseSelectionExpression"`
	TimeoutMilliseconds         int    `json:"timeoutMilliseconds"`
}

func integrations(a *APIs) *provider.Resource[IntegrationInputs, IntegrationOutputs] {
	return &provider.Resource[IntegrationInputs, IntegrationOutputs]{
		Token: IntegrationToken,
		Check: func(in IntegrationInputs) []provider.Problem { return checkIntegration(in, a.protocolOf(in.APIID)) },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[IntegrationInputs]) error {
			if _, err := a.api(r.Inputs.APIID); err != nil {
				return err
			}
			return checkQuota(a, IntegrationToken, "integrations", maxIntegrations, r, func(in IntegrationInputs) string { return in.APIID })
		},
		Delete:  a.deleteIntegration,
		Actions: integrationActions,
		Describe: func(r store.Record[IntegrationInputs]) IntegrationOutputs {
			socket := a.protocolOf(r.Inputs.APIID) == protocolSocket
			version, limit := "2.0", httpapi.MaxTimeout
			if socket {
				version, limit = "1.0", maxSocketTimeout
			}
			return IntegrationOutputs{
				ConnectionType: "INTERNET", PayloadFormatVersion: version,
				TimeoutMilliseconds: cmp.Or(r.Inputs.TimeoutMilliseconds, int(limit.Milliseconds())),
			}
		},
	}
}

// invokeForm matches the ARN with which API Gateway invokes a function.
var invokeForm = regexp.MustCompile(`^arn:aws:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(arn:aws:lambda:.+)/invocations$`)

// functionOf returns the ARN of an integration's function. The URI is the
// function's invoke ARN or its own ARN.
func functionOf(uri string) (function string, ok bool) {
	if m := invokeForm.FindStringSubmatch(uri); m != nil {
		return m[1], true
	}
	return uri, arn.IsFunction(uri)
}

// maxSocketTimeout is the longest timeout of a WebSocket API's integrations
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html).
const maxSocketTimeout = 29 * time.Second

// checkIntegration reports what
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html
// rejects, and the kinds that are not supported here. protocol is the API's, or
// "" while it is unknown.
func checkIntegration(in IntegrationInputs, protocol string) []provider.Problem {
	var problems provider.Problems
	if t := in.IntegrationType; t != "" && t != "AWS_PROXY" {
		problems.Add("integrationType", "the local cloud supports AWS_PROXY with a function, not %q", t)
	}
	if c := in.ConnectionType; c != "" && c != "INTERNET" {
		problems.Add("connectionType", "the local cloud supports INTERNET, not %q", c)
	}
	checkPayload(&problems, in.PayloadFormatVersion, protocol)
	limit := httpapi.MaxTimeout
	if protocol == protocolSocket {
		limit = maxSocketTimeout
	}
	if ms := in.TimeoutMilliseconds; ms != 0 && (ms < 50 || ms > int(limit.Milliseconds())) {
		problems.Add("timeoutMilliseconds", "%d is not within 50 to %d ms", ms, limit.Milliseconds())
	}
	if in.IntegrationURI == "" {
		return problems
	}
	if _, ok := functionOf(in.IntegrationURI); !ok {
		problems.Add("integrationUri", "%q is neither the ARN nor the invoke ARN of a function", in.IntegrationURI)
	} else if protocol == protocolSocket && !invokeForm.MatchString(in.IntegrationURI) {
		problems.Add("integrationUri", "a WebSocket API needs the invoke ARN of a function, not %q", in.IntegrationURI)
	}
	return problems
}

// checkPayload checks the payload format version. HTTP APIs support only 2.0
// here. WebSocket APIs have only 1.0, the default.
func checkPayload(problems *provider.Problems, version, protocol string) {
	const property = "payloadFormatVersion"
	switch {
	case protocol == protocolHTTP && version == "":
		problems.Add(property, `defaults to 1.0 on AWS, and the local cloud supports 2.0: set it to "2.0"`)
	case protocol == protocolHTTP && version != "2.0":
		problems.Add(property, "the local cloud supports payload format 2.0, not %q", version)
	case protocol == protocolSocket && version != "" && version != "1.0":
		problems.Add(property, "a WebSocket API has payload format 1.0, not %q", version)
	case version != "" && version != "1.0" && version != "2.0":
		problems.Add(property, "%q is neither 1.0 nor 2.0", version)
	}
}

func (a *APIs) deleteIntegration(_ context.Context, _ provider.Call, r store.Record[IntegrationInputs]) error {
	all, err := store.List[RouteInputs](a.db, RouteToken)
	if err != nil {
		return err
	}
	for _, route := range all {
		if route.Inputs.APIID == r.Inputs.APIID && route.Inputs.Target == "integrations/"+r.ID {
			return awserr.New("ConflictException", "cannot delete integration %s: the route %s refers to it", r.ID, route.Inputs.RouteKey)
		}
	}
	return nil
}
