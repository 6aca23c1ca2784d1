// Package websocket answers WebSocket clients as a WebSocket API of API Gateway
// does, and the @connections calls of functions. The package apigateway has the
// declared APIs and passes each stage as a Stage.
//
// Behaviour lists what behaves as on AWS, with the evidence: a recording, a
// documentation page, or none yet.
//
// Not supported: integrations other than AWS_PROXY with a function, route
// responses, IAM and API key authorization of clients, request models,
// contentHandlingStrategy, throttling, and access logs. Without route
// responses, a function's answer to a message does not reach the client; the
// function posts instead.
package websocket
