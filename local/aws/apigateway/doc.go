// Package apigateway holds what is declared of HTTP APIs and of WebSocket APIs:
// the resource types of API Gateway version 2, with AWS's checks. Locate finds
// what a request leads to; the packages httpapi and websocket answer it, each
// with what it does and does not do.
//
// What it does not hold: quick create, OpenAPI bodies, API keys, mutual TLS,
// private and HTTP integrations, models, route responses and integration
// responses. It refuses them by name.
package apigateway
