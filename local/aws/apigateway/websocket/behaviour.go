package websocket

import "skiff/local/aws/apigateway/evidence"

const (
	guide     = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
	recording = "testdata/"
)

// Behaviour lists how a WebSocket API here behaves like one on AWS, by subject.
func Behaviour() []evidence.Fact {
	return []evidence.Fact{
		evidence.Documented("A client is connected once the authorizer and the function of $connect agree.", guide+"apigateway-websocket-api-route-keys-connect-disconnect.html"),
		evidence.Documented("A client that an authorizer refuses reads 401 or 403.", guide+"apigateway-websocket-api-route-keys-connect-disconnect.html"),
		evidence.Unproven("If the function of $connect fails, the client gets 502; on a timeout 504; on other errors 500."),
		evidence.Unproven("A request that is not a handshake is refused with the statuses of RFC 6455."),
		evidence.Recorded("A path that leads to no stage answers 403 Forbidden.", "https://github.com/aws/aws-sdk-php/issues/1955"),
		evidence.Recorded("The event of $connect.", recording+"connect.json"),
		evidence.Recorded("The event of a message.", recording+"message.json"),
		evidence.Recorded("The event of $disconnect.", recording+"disconnect.json"),
		evidence.Documented("The event of an authorizer.", guide+"apigateway-websocket-api-lambda-auth.html"),
		evidence.Unproven("An authorizer's context is text in events."),
		evidence.Documented("A message goes to the route of its key, or to $default.", guide+"websocket-api-develop-routes.html"),
		evidence.Documented("A route selection expression is made of $request.body.NAME and text.", guide+"apigateway-websocket-api-selection-expressions.html"),
		evidence.Unproven("A message cannot choose $connect or $disconnect."),
		evidence.Recorded("If a function's answer is invalid, the client gets an error message.", "https://github.com/middyjs/middy/issues/1219"),
		evidence.Documented("A binary frame closes with 1003, a message or frame above its limit with 1009.", guide+"apigateway-websocket-api-routes-integrations.html"),
		evidence.Unproven("The close reasons, and 1007 for text that is not UTF-8."),
		evidence.Documented("Messages have 128 KB, frames 32 KB, URLs 4096 characters, integrations 29 s.", guide+"apigateway-execution-service-websocket-limits-table.html"),
		evidence.Documented("A connection ends after 10 minutes without a message, and after 2 hours.", guide+"apigateway-execution-service-websocket-limits-table.html"),
		evidence.Unproven("Pings do not count as messages."),
		evidence.Unproven("The connections of a stage that is deleted are closed with 1001."),
		evidence.Documented("@connections posts, describes and closes, for a signed caller with execute-api:ManageConnections.", guide+"apigateway-how-to-call-websocket-api-connections.html"),
		evidence.Recorded("A connection closed by @connections ends with 1000, Connection Closed Normally.", "https://github.com/boto/boto3/issues/3789"),
		evidence.Recorded("A connection id of another form answers 400.", "https://github.com/localstack/localstack/issues/4694"),
		evidence.Unproven("A post that is not UTF-8 is sent with replacement characters."),
		evidence.Unproven("Unlike on AWS, new connections and messages are not throttled."),
	}
}
