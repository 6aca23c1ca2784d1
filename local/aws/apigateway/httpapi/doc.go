// Package httpapi answers HTTP requests as an API Gateway HTTP API does. It
// implements stages, routes, authorizers, Lambda proxy integrations of payload
// format 2.0, CORS, throttling and access logs. The package apigateway holds
// the declared API and passes it on as a Stage.
//
// Behaviour lists what the package does as AWS does, with the evidence: a
// recording, a page of the documentation, or none yet. In comments, "not
// recorded" means that there is no such evidence.
//
// The package does not support parameter mapping, private and HTTP
// integrations, payload format 1.0, IAM authorization, mutual TLS, API keys,
// detailed metrics or response streaming. It does not fetch an issuer's keys:
// Options.Verify verifies a token.
package httpapi
