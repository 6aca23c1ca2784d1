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
		evidence.Documented("A full match of the path wins over a greedy variable, and that over $default.", guide+"http-api-develop-routes.html"),
		evidence.Recorded("A route of the request's own method wins over ANY.", yulin),
		evidence.Documented("Segment by segment, a literal wins over a variable, and that over a greedy one.", guide+"http-api-develop-routes.html"),
		evidence.Unproven("An encoded slash does not begin a segment."),
		evidence.Documented("A path that no route matches, or not with this method, is 404 Not Found.", guide+"http-api-develop-routes.html"),
		evidence.Documented("A mapping takes whole segments of the path; the longest key wins.", guide+"http-api-mappings.html"),
		evidence.Unproven("A domain name without a mapping for the path answers 403 Forbidden."),
		evidence.Recorded("rawPath keeps the key of a mapping, though the page of the payload denies it.", "https://github.com/aws-powertools/powertools-lambda-python/pull/579"),
		evidence.Recorded("rawPath keeps a named stage, decoded.", recording+"request_event_v2.json"),
		evidence.Unproven("The endpoint of an API that disables it answers 404; 403 is reported, too."),

		evidence.Recorded("Events have the members and forms of payload format 2.0.", recording+"request_event_v2.json"),
		evidence.Recorded("A header sent more than once is joined by a comma and a space.", recording+"request_event_v2.json"),
		evidence.Unproven("A plus sign in a query is a space; what is not valid stays as it is."),
		evidence.Recorded("Bodies of text, JSON, XML and JavaScript are text in an event, all others base64.", "https://github.com/ministackorg/ministack/pull/766"),
		evidence.Unproven("A client's own X-Amzn-Trace-Id is kept."),
		evidence.Recorded("An answer with a statusCode is whole; anything else is the body of a 200.", recording+"response_mapping.json"),
		evidence.Recorded("A status of 0 or with a fraction is 500 Internal Server Error.", recording+"response_mapping.json"),
		evidence.Unproven("A status that is text, or none that a final answer can have, is 500."),
		evidence.Unproven("Headers that are numbers or booleans are sent as text, null is left out."),
		evidence.Recorded("A function that fails is 500 Internal Server Error.", recording+"response_mapping.json"),
		evidence.Recorded("A function without a permission for the route is 500.", yulin),
		evidence.Unproven("A function that takes longer than its integration may, or is throttled, is 503 Service Unavailable."),
		evidence.Recorded("A payload above the limit of Lambda is 413 Request Entity Too Large.", recording+"routes_errors_cors.json"),

		evidence.Documented("A preflight that no route matches is answered 204 by the gateway.", guide+"http-api-cors.html"),
		evidence.Documented("A preflight that an ANY or $default route matches goes there; a guarded one answers 401.", guide+"http-api-cors.html"),
		evidence.Recorded("A preflight to an ANY route reaches the function, though CORS is configured.", "https://github.com/aws/serverless-application-model/issues/1603"),
		evidence.Unproven("An answer of a function to a preflight has all headers that are configured."),
		evidence.Documented("CORS headers of a function's answer are replaced by the configured ones.", guide+"http-api-cors.html"),
		evidence.Unproven("The gateway's own errors carry CORS headers."),
		evidence.Unproven("A foreign origin's preflight is 204 without a CORS header."),

		evidence.Documented("A token is checked for issuer, audience or client_id, exp, nbf, iat and scopes.", guide+"http-api-jwt-authorizer.html"),
		evidence.Unproven("A token without exp is refused."),
		evidence.Recorded("jwt.scopes of an event are the token's for a route with scopes, else null.", floci),
		evidence.Recorded("Claims are text; lists have the form [a b], objects are JSON, null is left out.", floci),
		evidence.Documented("WWW-Authenticate has the form of the troubleshooting page.", guide+"http-api-troubleshooting-jwt.html"),
		evidence.Unproven("The texts of its error_description, but for the audience."),
		evidence.Documented("A missing identity source is 401, and the authorizer's function is not called.", guide+"http-api-lambda-authorizer.html"),
		evidence.Documented("A Lambda authorizer's answer is kept by identity sources, for all routes but with $context.routeKey.", guide+"http-api-lambda-authorizer.html"),
		evidence.Documented("An authorizer that fails, takes longer than 10 s, or answers in no form is 500.", guide+"http-api-lambda-authorizer.html"),
		evidence.Recorded("An authorizer's function that fails with Unauthorized is 401.", yulin),
		evidence.Recorded("authorizer.lambda is null where the answer has no context.", yulin),

		evidence.Documented("A stage's or a route's throttle answers 429 Too Many Requests.", guide+"http-api-throttling.html"),
		evidence.Documented("An account has 10,000 requests a second and a burst of 5,000, a quarter of it in some regions.", guide+"limits.html"),
		evidence.Unproven("The default of a stage gives each route a bucket of its own."),
		evidence.Documented("The variables of an access log, and - for one without a value.", guide+"http-api-logging-variables.html"),
		evidence.Unproven("Text in an access log is escaped as in JSON."),
		evidence.Documented("A request line and headers above 10,240 bytes are refused.", guide+"http-api-quotas.html"),
		evidence.Unproven("They are refused with 431, and a body that comes too slowly with 408."),
		evidence.Unproven("A head that comes too slowly ends the connection without an answer."),
		evidence.Unproven("A host that is neither this machine's nor an API's answers 403; on AWS there is none."),
	}
}
