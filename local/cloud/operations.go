package cloud

import (
	"maps"
	"net/http"
	"slices"

	"skiff/local/aws/apigateway/websocket"
	"skiff/local/aws/awsjson"
	"skiff/local/aws/awsquery"
)

// Service describes a service that functions and people can call.
type Service struct {
	Name       string   // as people see it
	Variable   string   // of SDKs, such as AWS_ENDPOINT_URL_SQS
	Operations []string // that it implements, by name; it refuses all others
}

// Services returns the services of the cloud.
func (c *Cloud) Services() []Service {
	var all []Service
	for _, s := range c.called() {
		all = append(all, Service{Name: s.name, Variable: "AWS_ENDPOINT_URL_" + s.variable, Operations: operationsOf(s.handler)})
	}
	// Functions call it at the stage's address, so it has no variable.
	return append(all, Service{Name: "API Gateway (@connections)", Operations: websocket.Operations()})
}

func operationsOf(h http.Handler) []string {
	switch h := h.(type) {
	case later:
		return operationsOf(h())
	case *awsjson.Handler:
		return slices.Sorted(maps.Keys(h.Operations))
	case *awsquery.Handler:
		return h.Names()
	case interface{ Operations() []string }:
		return slices.Sorted(slices.Values(h.Operations()))
	}
	return nil
}
