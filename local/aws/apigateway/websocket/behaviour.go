package websocket

import "skiff/local/aws/apigateway/evidence"

const (
	guide     = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
	recording = "testdata/"
)

// Behaviour lists how a WebSocket API here behaves like one on AWS, by subject.
func Behaviour() []evidence.Fact {
	return []evidence.Fact{
		evidence.Documented("A client is connected after the authorizer and the $connect function have both allowed it.", guide+"apigateway-websocket-api-route-keys-connect-disconnect.html"),
		evidence.Documented("A client that the authorizer refuses gets 401 or 403.", guide+"apigateway-websocket-api-route-keys-connect-disconnect.html"),
		evidence.Unproven("If the $connect function fails, the client gets 502; after a timeout 504; after other errors 500."),
		evidence.Unproven("A request that is not a handshake gets the status that RFC 6455 requires."),
		evidence.Recorded("A request whose path has no stage gets 403 Forbidden.", "https://github.com/aws/aws-sdk-php/issues/1955"),
		evidence.Recorded("The event of $connect.", recording+"connect.json"),
		evidence.Recorded("The event of a message.", recording+"message.json"),
		evidence.Recorded("The event of $disconnect.", recording+"disconnect.json"),
		evidence.Documented("The event of an authorizer.", guide+"apigateway-websocket-api-lambda-auth.html"),
		evidence.Unproven("The values of an authorizer's context are text in events."),
		evidence.Documented("A message goes to the route that its key selects, or to $default.", guide+"websocket-api-develop-routes.html"),
		evidence.Documented("A route selection expression consists of $request.body.NAME and text.", guide+"apigateway-websocket-api-selection-expressions.html"),
		evidence.Unproven("A message cannot select $connect or $disconnect."),
		evidence.Recorded("If a function's answer is invalid, the client gets an error message.", "https://github.com/middyjs/middy/issues/1219"),
		evidence.Documented("A binary frame closes the connection with 1003; a message or frame above its limit, with 1009.", guide+"apigateway-websocket-api-routes-integrations.html"),
		evidence.Unproven("The reasons in close frames, and 1007 for text that is not UTF-8."),
		evidence.Documented("The limits are 128 KB for a message, 32 KB for a frame, 4096 characters for a URL, 29 s for an integration.", guide+"apigateway-execution-service-websocket-limits-table.html"),
		evidence.Documented("A connection closes after 10 minutes without a message, and after 2 hours at the latest.", guide+"apigateway-execution-service-websocket-limits-table.html"),
		evidence.Unproven("Pings do not count as messages."),
		evidence.Unproven("Deleting a stage closes its connections with 1001."),
		evidence.Documented("@connections sends to, describes and closes a connection, for signed callers with execute-api:ManageConnections.", guide+"apigateway-how-to-call-websocket-api-connections.html"),
		evidence.Recorded("@connections closes a connection with 1000, Connection Closed Normally.", "https://github.com/boto/boto3/issues/3789"),
		evidence.Recorded("A connection id in an invalid form gets 400.", "https://github.com/localstack/localstack/issues/4694"),
		evidence.Unproven("Posted bytes that are not UTF-8 reach the client as replacement characters."),
		evidence.Unproven("Unlike on AWS, new connections and messages are not throttled."),
	}
}
