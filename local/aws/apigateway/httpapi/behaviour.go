package httpapi

import "skiff/local/aws/apigateway/evidence"

const (
	guide     = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
	recording = "testdata/"
	yulin     = "https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md"
	floci     = "https://github.com/floci-io/floci/pull/2011"
)

// Behaviour lists the behaviour of an HTTP API, with its evidence, by subject.
func Behaviour() []evidence.Fact {
	return []evidence.Fact{
		evidence.Documented("A stage named by the first segment of the path is chosen before $default.", guide+"http-api-develop-routes.html"),
		evidence.Documented("A full match of the path wins over a greedy variable, and a greedy variable over $default.", guide+"http-api-develop-routes.html"),
		evidence.Recorded("A route of the request's own method wins over ANY.", yulin),
		evidence.Documented("In each segment, a literal wins over a variable, and a variable over a greedy variable.", guide+"http-api-develop-routes.html"),
		evidence.Unproven("An encoded slash does not begin a segment."),
		evidence.Documented("A request whose method and path match no route gets 404 Not Found.", guide+"http-api-develop-routes.html"),
		evidence.Documented("A mapping takes whole segments of the path; the longest key wins.", guide+"http-api-mappings.html"),
		evidence.Unproven("A request to a domain name without a mapping for its path gets 403 Forbidden."),
		evidence.Recorded("rawPath includes the key of a mapping, although AWS's page about the payload denies it.", "https://github.com/aws-powertools/powertools-lambda-python/pull/579"),
		evidence.Recorded("rawPath includes a named stage, and is decoded.", recording+"request_event_v2.json"),
		evidence.Unproven("An API's disabled endpoint answers 404; some reports say 403."),

		evidence.Recorded("Events have payload format 2.0.", recording+"request_event_v2.json"),
		evidence.Recorded("The values of a repeated header are joined by a comma and a space.", recording+"request_event_v2.json"),
		evidence.Unproven("A plus sign in a query is a space; an invalid escape is left unchanged."),
		evidence.Recorded("An event contains a body of text, JSON, XML or JavaScript as text, any other body as base64.", "https://github.com/ministackorg/ministack/pull/766"),
		evidence.Unproven("A client's own X-Amzn-Trace-Id is kept."),
		evidence.Recorded("An answer with a statusCode is a complete response; any other answer is the body of a 200.", recording+"response_mapping.json"),
		evidence.Recorded("A statusCode of 0 or with a fraction gives 500 Internal Server Error.", recording+"response_mapping.json"),
		evidence.Unproven("A statusCode that is text, or outside 200 to 599, gives 500."),
		evidence.Unproven("A header value that is a number or a boolean is sent as text; null is omitted."),
		evidence.Recorded("A function that fails gives 500 Internal Server Error.", recording+"response_mapping.json"),
		evidence.Recorded("A function without a permission for the route gives 500.", yulin),
		evidence.Unproven("A function that exceeds the integration's timeout, or is throttled, gives 503 Service Unavailable."),
		evidence.Recorded("A payload above Lambda's limit gives 413 Request Entity Too Large.", recording+"routes_errors_cors.json"),

		evidence.Documented("The gateway answers 204 to a preflight that no route matches.", guide+"http-api-cors.html"),
		evidence.Documented("A preflight that an ANY or $default route matches goes to that route; a guarded route answers 401.", guide+"http-api-cors.html"),
		evidence.Recorded("A preflight to an ANY route reaches the function, even if CORS is configured.", "https://github.com/aws/serverless-application-model/issues/1603"),
		evidence.Unproven("A function's answer to a preflight gets all configured CORS headers."),
		evidence.Documented("The configured CORS headers replace those in a function's answer.", guide+"http-api-cors.html"),
		evidence.Unproven("Errors of the gateway itself have CORS headers."),
		evidence.Unproven("A preflight from an origin that is not allowed gets 204 without CORS headers."),

		evidence.Documented("A token is checked for issuer, audience or client_id, exp, nbf, iat and scopes.", guide+"http-api-jwt-authorizer.html"),
		evidence.Unproven("A token without exp is refused."),
		evidence.Recorded("jwt.scopes in an event has the token's scopes for a route with scopes; otherwise it is null.", floci),
		evidence.Recorded("Claims are text: a list has the form [a b], an object is JSON, and null is omitted.", floci),
		evidence.Documented("WWW-Authenticate has the form that AWS's troubleshooting page shows.", guide+"http-api-troubleshooting-jwt.html"),
		evidence.Unproven("The texts of error_description in WWW-Authenticate, except the text about the audience."),
		evidence.Documented("A request without an identity source gets 401, and the authorizer's function is not called.", guide+"http-api-lambda-authorizer.html"),
		evidence.Documented("A Lambda authorizer's answer is cached by identity sources, for all routes unless they include $context.routeKey.", guide+"http-api-lambda-authorizer.html"),
		evidence.Documented("An authorizer that fails, takes more than 10 s, or returns an invalid answer gives 500.", guide+"http-api-lambda-authorizer.html"),
		evidence.Recorded("An authorizer's function that fails with Unauthorized gives 401.", yulin),
		evidence.Recorded("authorizer.lambda is null if the answer has no context.", yulin),

		evidence.Documented("A request above the limit of its stage or route gets 429 Too Many Requests.", guide+"http-api-throttling.html"),
		evidence.Documented("An account has 10,000 requests a second and a burst of 5,000, or a quarter of both in some regions.", guide+"limits.html"),
		evidence.Unproven("A stage's default limit applies to each route separately."),
		evidence.Documented("The variables of an access log; a variable without a value is -.", guide+"http-api-logging-variables.html"),
		evidence.Unproven("An access log escapes text as JSON does."),
		evidence.Documented("A request whose line and headers exceed 10,240 bytes is refused.", guide+"http-api-quotas.html"),
		evidence.Unproven("The status is 431 for line and headers that are too large, and 408 for a body that arrives too slowly."),
		evidence.Unproven("If the line and headers arrive too slowly, the connection closes without an answer."),
		evidence.Unproven("A request for a host that is neither this machine nor an API gets 403; AWS has no such case."),
	}
}
