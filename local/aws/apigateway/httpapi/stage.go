package httpapi

import "time"

// Stage is a snapshot of one deployed stage. Do not change it after a gateway
// has received it.
type Stage struct {
	APIID, AccountID, Region string

	Name      string // "$default", or the first path segment of its requests
	Variables map[string]string
	Routes    []Route
	CORS      *CORS // nil: the gateway does not handle CORS

	AccessLog *AccessLog       // nil: no log lines
	Throttle  *Limit           // of each route without a limit in Throttles; nil: only the account's limit
	Throttles map[string]Limit // by route key
}

// AccessLog sets the log group of the request lines, and their format:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
type AccessLog struct {
	Group  string // name of the log group
	Format string // with $context variables

	pieces []piece // Format, if Prepare has parsed it
}

// Limit is a token bucket: requests per second, and how many may arrive at
// once. A zero Limit admits no request.
type Limit struct {
	Rate  float64
	Burst int
}

// Route sends matching requests to an integration. The key is a method or ANY,
// a space and a path, such as "GET /items/{id}" or "ANY /{proxy+}", or it is
// "$default".
type Route struct {
	ID, Key     string
	Integration *Integration // nil answers 500
	Authorizer  *Authorizer  // nil: public
	Scopes      []string     // a token needs one of them; if empty, any valid token will do

	pattern    *pattern // Key, if Prepare has parsed it
	authorizes string   // authorizerKey of Authorizer, if Prepare has been called
}

// Prepare parses keys and formats once. Without it, the gateway parses them for
// every request.
func (s *Stage) Prepare() {
	for i := range s.Routes {
		r := &s.Routes[i]
		p := parseKey(r.Key)
		r.pattern = &p
		if r.Authorizer != nil {
			r.authorizes = authorizerKey(s, r.Authorizer)
		}
	}
	if s.AccessLog != nil {
		l := *s.AccessLog
		l.pieces = parseFormat(l.Format)
		s.AccessLog = &l
	}
}

// Authorizer decides who may call a route, by a function or by the claims of a
// token. Exactly one of Function and JWT is set.
type Authorizer struct {
	ID              string
	IdentitySources []string // such as $request.header.Authorization; all are required
	Function        *AuthorizerFunction
	JWT             *JWT
}

// AuthorizerFunction is a Lambda authorizer of type REQUEST:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
type AuthorizerFunction struct {
	ARN            string
	SourceARN      string        // the ARN that the function's permissions check
	SimpleResponse bool          // the answer has isAuthorized, not a policy
	TTL            time.Duration // how long answers are cached; zero: not at all
}

// JWT configures which tokens are valid:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
type JWT struct {
	Issuer    string
	Audiences []string // the token must have one of them
}

// Integration is a Lambda proxy integration.
type Integration struct {
	ID, FunctionARN      string
	PayloadFormatVersion string        // only "2.0" is supported; others answer 500
	Timeout              time.Duration // 50 ms–30 s; zero means 30 s
}

// CORS is the corsConfiguration of an API:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
type CORS struct {
	AllowOrigins     []string // exact origins, "*", "http://*" or "https://*"
	AllowMethods     []string
	AllowHeaders     []string
	ExposeHeaders    []string
	AllowCredentials bool
	MaxAge           time.Duration // zero sends no Access-Control-Max-Age
}
