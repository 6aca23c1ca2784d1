// Package apigateway answers HTTP requests as an API Gateway HTTP API does:
// stage, route, Lambda proxy integration of payload format 2.0, CORS.
//
// Where a behaviour was recorded from AWS a test named Recorded shows it; where
// AWS documents it the page stands beside the code; what is neither is marked
// "not recorded".
//
// What it does not do: authorizers, parameter mapping, private and HTTP
// integrations, payload format 1.0, mutual TLS, detailed metrics, response
// streaming.
package apigateway

import "time"

// Stage is a snapshot of one deployed stage. Change nothing of it after it was
// handed out.
type Stage struct {
	APIID, AccountID, Region string

	Name      string // "$default", or the first path segment of its requests
	Variables map[string]string
	Routes    []Route
	CORS      *CORS // nil: the gateway takes no part in CORS

	AccessLog *AccessLog       // nil: requests leave no line
	Throttle  *Limit           // of each route without one of its own; nil: the account's
	Throttles map[string]Limit // of routes, by key
}

// AccessLog says where a line for every request goes, and what is in it:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
type AccessLog struct {
	Group  string // name of the log group
	Format string // with $context variables
}

// Limit is a token bucket: requests a second, and how many may come at once.
// A limit of zero lets nothing through.
type Limit struct {
	Rate  float64
	Burst int
}

// Route sends requests that match Key to an integration. A key is a method or
// ANY, a space and a path, such as "GET /items/{id}" or "ANY /{proxy+}"; or it
// is "$default".
type Route struct {
	ID, Key     string
	Integration *Integration // nil answers 500
}

// Integration is a Lambda proxy integration.
type Integration struct {
	ID, FunctionARN      string
	PayloadFormatVersion string        // "2.0" is served; anything else answers 500
	Timeout              time.Duration // 50 ms–30 s; zero means 30 s
}

// CORS is the cors_configuration of an API:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
type CORS struct {
	AllowOrigins     []string // exact origins, "*", "http://*" or "https://*"
	AllowMethods     []string
	AllowHeaders     []string
	ExposeHeaders    []string
	AllowCredentials bool
	MaxAge           time.Duration // zero sends no Access-Control-Max-Age
}

const defaultStage = "$default"

// chooseStage picks the stage of an escaped path and returns the path its
// routes see: a stage named by the first segment, else $default
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html).
func chooseStage(stages []Stage, path string) (*Stage, string) {
	var fallback *Stage
	for i := range stages {
		s := &stages[i]
		if s.Name == defaultStage {
			fallback = s
			continue
		}
		rest := path[1:]
		if len(rest) < len(s.Name) || rest[:len(s.Name)] != s.Name {
			continue
		}
		switch rest = rest[len(s.Name):]; {
		case rest == "":
			return s, "/"
		case rest[0] == '/':
			return s, rest
		}
	}
	return fallback, path
}
