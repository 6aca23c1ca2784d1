// Package lambdas declares what the service runs: its functions, what calls
// each of them, and what each may do. The handlers are in the packages below;
// the infra program turns this list into AWS resources.
package lambdas

// Function is one Lambda function: the main package in the folder of the same
// name, built into one binary of its own.
type Function struct {
	// Name is the folder under lambdas and the function's name in every stack.
	Name string

	// Routes and PublicRoutes are the HTTP API route keys that reach the
	// function, such as "GET /items/{id}". Who calls one of Routes needs a
	// token; anyone may call one of PublicRoutes.
	Routes       []string
	PublicRoutes []string

	// SocketRoutes are the WebSocket API route keys that reach it: "$connect",
	// for which a client needs a token, "$disconnect", "$default" or an action.
	SocketRoutes []string

	// Consumes makes it the worker of the queue of events.
	Consumes bool

	// Authorizes makes it the one that decides on tokens, for all routes.
	Authorizes bool

	// Rights are the IAM actions that it may use, on each resource. It is told
	// where a resource is by its environment, and of no other.
	Rights map[Resource][]string
}

// Resource is something of the stack that functions use.
type Resource string

// The resources there are.
const (
	ItemsTable       Resource = "items table"
	StatusIndex      Resource = "status index" // of the items table
	ConnectionsTable Resource = "connections table"
	EventQueue       Resource = "event queue"
	TokenKey         Resource = "token key"   // a secret
	CursorKey        Resource = "cursor key"  // a secret
	Connections      Resource = "connections" // of WebSocket clients, to post to
)

// Functions is the whole declaration. Its order is the order of the README.
func Functions() []Function {
	return []Function{
		{
			Name:   "create-item",
			Routes: []string{"POST /items"},
			Rights: map[Resource][]string{
				ItemsTable: {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
				EventQueue: {"sqs:SendMessage"},
			},
		},
		{
			Name:   "get-item",
			Routes: []string{"GET /items/{id}"},
			Rights: map[Resource][]string{ItemsTable: {"dynamodb:GetItem"}},
		},
		{
			Name:   "list-items",
			Routes: []string{"GET /items"},
			Rights: map[Resource][]string{
				StatusIndex: {"dynamodb:Query"},
				CursorKey:   {"secretsmanager:GetSecretValue"},
			},
		},
		{
			Name:   "update-item",
			Routes: []string{"PUT /items/{id}"},
			Rights: map[Resource][]string{
				ItemsTable: {"dynamodb:GetItem", "dynamodb:UpdateItem"},
				EventQueue: {"sqs:SendMessage"},
			},
		},
		{
			Name:   "delete-item",
			Routes: []string{"DELETE /items/{id}"},
			Rights: map[Resource][]string{
				ItemsTable: {"dynamodb:DeleteItem"},
				EventQueue: {"sqs:SendMessage"},
			},
		},
		{
			Name:         "health",
			PublicRoutes: []string{"GET /health"},
		},
		{
			Name:       "authorize",
			Authorizes: true,
			Rights:     map[Resource][]string{TokenKey: {"secretsmanager:GetSecretValue"}},
		},
		{
			Name:         "socket",
			SocketRoutes: []string{"$connect", "$disconnect", "$default"},
			Rights: map[Resource][]string{
				ConnectionsTable: {"dynamodb:PutItem", "dynamodb:DeleteItem"},
			},
		},
		{
			Name:     "notify",
			Consumes: true,
			Rights: map[Resource][]string{
				EventQueue:       {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
				ConnectionsTable: {"dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
				Connections:      {"execute-api:ManageConnections"},
			},
		},
	}
}

// Names are the functions' names, in the order of the declaration.
func Names(functions []Function) (names []string) {
	for _, f := range functions {
		names = append(names, f.Name)
	}
	return names
}
