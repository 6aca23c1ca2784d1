// Package websocket answers WebSocket clients as an API Gateway WebSocket API
// does, and the calls of functions that post to them by @connections. What is
// declared of an API is in the package apigateway, which hands it down as a
// Stage.
//
// Behaviour lists what it does as AWS does, and what shows that: a recording, a
// page of the documentation, or nothing yet.
//
// What it does not do: integrations other than AWS_PROXY with a function,
// route responses (what a function answers to a message is not sent to the
// client; it posts instead), IAM and API-key authorization of clients, request
// models, contentHandlingStrategy, throttling, access logs.
package websocket
