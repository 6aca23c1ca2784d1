// Package apigateway has the resource types of API Gateway version 2, for HTTP
// APIs and WebSocket APIs, with AWS's checks. Locate finds the target of a
// request. The packages httpapi and websocket answer it; their documentation
// says what they support.
//
// Not supported, and refused by name: quick create, OpenAPI bodies, API keys,
// mutual TLS, private and HTTP integrations, models, route responses and
// integration responses.
package apigateway
