package lambdas

// Service is everything that a stack owns besides what AWS needs to connect it.
type Service struct {
	Tables     []Table
	Queues     []Queue
	Secrets    []Secret
	Buckets    []Bucket
	Parameters []Parameter
	Functions  []Function
}

// Function is one Lambda function: the main package in the folder of the same
// name, built into one binary of its own. It has its own role and log group.
type Function struct {
	// Name is the folder under lambdas and the function's name in every stack:
	// 1 to 32 of a-z 0-9 -, the first a letter.
	Name string

	// Routes and PublicRoutes are the HTTP API route keys that reach the
	// function, such as "GET /items/{id}". Routes need a token; anyone may call
	// PublicRoutes.
	Routes       []string
	PublicRoutes []string

	// SocketRoutes are the WebSocket API route keys that reach the function:
	// "$connect", for which a client needs a token, "$disconnect", "$default"
	// or an action. Without any in the service there is no WebSocket API.
	SocketRoutes []string

	// Consumes is the queue whose messages the function gets, in batches. The
	// rights to take them follow from it, as those on a stream from Follows.
	Consumes string

	// Follows is the table whose stream the function gets, in batches of
	// records that keep the order of each item's changes.
	Follows string

	// Schedule calls the function at "rate(1 hour)", "cron(0 3 * * ? *)" or
	// "at(2030-01-01T00:00:00)". TimeZone is a name such as "Europe/Berlin";
	// empty is UTC.
	// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
	Schedule string
	TimeZone string

	// Authorizes makes the function decide on tokens, for every route that is
	// not public. An issuer decides for the HTTP API in its place.
	Authorizes bool

	// Rights are the IAM actions that the function may use. Its environment
	// names each resource that it has rights on, and no other.
	Rights Rights
}

// FunctionNames returns the functions' names, in the order of the declaration.
func (s Service) FunctionNames() (names []string) {
	for _, f := range s.Functions {
		names = append(names, f.Name)
	}
	return names
}

// HTTPRoutes returns the function's keys of the HTTP API: first those that need
// a token, then the public ones.
func (f Function) HTTPRoutes() []string {
	return append(append([]string(nil), f.Routes...), f.PublicRoutes...)
}
