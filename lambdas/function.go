package lambdas

// Service lists what a stack owns. The infra program adds the API, the roles
// and the other resources that connect these.
type Service struct {
	Tables     []Table
	Queues     []Queue
	Secrets    []Secret
	Buckets    []Bucket
	Parameters []Parameter
	Functions  []Function
}

// Function is one Lambda function. Its code is the main package in the folder
// with its name. It has a binary, a role and a log group to itself.
type Function struct {
	// Name is the folder below lambdas, and the function's name in every stack:
	// 1 to 32 of a-z 0-9 -, starting with a letter.
	Name string

	// Routes and PublicRoutes are route keys of the HTTP API, such as "GET
	// /items/{id}". Requests to Routes need a bearer token. Anyone may call
	// PublicRoutes.
	Routes       []string
	PublicRoutes []string

	// SocketRoutes are route keys of the WebSocket API: "$connect", for which a
	// client needs a token, "$disconnect", "$default" or an action. A service
	// without socket routes has no WebSocket API.
	SocketRoutes []string

	// Consumes is the queue that invokes the function with batches of messages.
	// The function gets the rights to receive and delete them.
	Consumes string

	// Follows is the table whose stream invokes the function with batches of
	// records. The changes of one item arrive in order. The function gets the
	// rights to read the stream.
	Follows string

	// Schedule is when EventBridge Scheduler invokes the function: "rate(1
	// hour)", "cron(0 3 * * ? *)" or "at(2030-01-01T00:00:00)". TimeZone is a
	// name such as "Europe/Berlin"; empty means UTC.
	// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
	Schedule string
	TimeZone string

	// Authorizes makes the function check the bearer token of every route that
	// is not public. In a stack with an issuer, API Gateway itself checks the
	// tokens of the HTTP API.
	Authorizes bool

	// Rights are the IAM actions that the function may use. For each resource
	// in Rights, and for no other, the function has an environment variable
	// with the resource's name.
	Rights Rights
}

// FunctionNames returns the functions' names in the order of the declaration.
func (s Service) FunctionNames() (names []string) {
	for _, f := range s.Functions {
		names = append(names, f.Name)
	}
	return names
}

// HTTPRoutes returns the function's route keys of the HTTP API: first Routes,
// then PublicRoutes.
func (f Function) HTTPRoutes() []string {
	return append(append([]string(nil), f.Routes...), f.PublicRoutes...)
}
