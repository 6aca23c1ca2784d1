package httpapi

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

	pieces []piece // of Format, where Prepare has parsed it
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
	Authorizer  *Authorizer  // nil: open to all
	Scopes      []string     // a token must have one of them; none: any token will do

	pattern    *pattern // of Key, where Prepare has parsed it
	authorizes string   // authorizerKey of Authorizer, where Prepare has made it
}

// Prepare parses what every request to the stage would parse again. A stage that
// is not prepared answers alike, and slower.
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

// Authorizer decides who may call a route: a function, or the claims of a
// token. It has one of the two.
type Authorizer struct {
	ID              string
	IdentitySources []string // such as $request.header.Authorization; all must be there
	Function        *AuthorizerFunction
	JWT             *JWT
}

// AuthorizerFunction is a Lambda authorizer of type REQUEST:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
type AuthorizerFunction struct {
	ARN            string
	SourceARN      string        // whom the function's permissions name
	SimpleResponse bool          // it answers yes or no, not with a policy
	TTL            time.Duration // for which an answer is kept; zero: not at all
}

// JWT says which tokens are taken:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
type JWT struct {
	Issuer    string
	Audiences []string // one of them must be the token's
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
