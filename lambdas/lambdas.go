// Package lambdas declares what the service runs: its functions, the routes
// that reach each of them, and what each may do with the table. The handlers
// are in the packages below; the infra program turns this list into AWS
// resources.
package lambdas

// Function is one Lambda function: the main package in the folder of the same
// name, built into one binary of its own.
type Function struct {
	// Name is the folder under lambdas and the function's name in every stack.
	Name string

	// Routes are the HTTP API route keys that reach the function, such as
	// "GET /items/{id}".
	Routes []string

	// TableActions are the IAM actions the function may use on the table
	// itself, IndexActions those on its status index. A function that asks for
	// none is not told the table's name.
	TableActions []string
	IndexActions []string
}

// Functions is the whole declaration. Its order is the order of the README.
func Functions() []Function {
	return []Function{
		{
			Name:         "create-item",
			Routes:       []string{"POST /items"},
			TableActions: []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
		},
		{
			Name:         "get-item",
			Routes:       []string{"GET /items/{id}"},
			TableActions: []string{"dynamodb:GetItem"},
		},
		{
			Name:         "list-items",
			Routes:       []string{"GET /items"},
			TableActions: []string{"dynamodb:GetItem", "dynamodb:PutItem"},
			IndexActions: []string{"dynamodb:Query"},
		},
		{
			Name:         "update-item",
			Routes:       []string{"PUT /items/{id}"},
			TableActions: []string{"dynamodb:GetItem", "dynamodb:UpdateItem"},
		},
		{
			Name:         "delete-item",
			Routes:       []string{"DELETE /items/{id}"},
			TableActions: []string{"dynamodb:DeleteItem"},
		},
		{
			Name:   "health",
			Routes: []string{"GET /health"},
		},
	}
}
