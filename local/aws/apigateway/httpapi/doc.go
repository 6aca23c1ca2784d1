// Package httpapi answers HTTP requests as an API Gateway HTTP API does: stage,
// route, authorizer, Lambda proxy integration of payload format 2.0, CORS,
// throttle, access log. What is declared of an API is in the package apigateway,
// which hands it down as a Stage.
//
// Behaviour lists what it does as AWS does, and what shows that: a recording, a
// page of the documentation, or nothing yet.
//
// What it does not do: parameter mapping, private and HTTP integrations, payload
// format 1.0, authorization by IAM, mutual TLS, API keys, detailed metrics,
// response streaming. It fetches no issuer's keys: Options.Verify verifies a
// token.
package httpapi
