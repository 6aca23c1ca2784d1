package lambdas

// Resource names something that functions use, by its entry in Service. One
// field is set, or Table and Index.
type Resource struct {
	Table     string
	Index     string // of Table
	Queue     string
	Secret    string
	Bucket    string
	Parameter string

	// Stream is the table whose stream is meant. A function that Follows a
	// table has these rights already.
	Stream string

	// Clients means the connected clients of the WebSocket API, to send them
	// messages.
	Clients bool
}

// Rights are the IAM actions that are allowed on each resource.
type Rights map[Resource][]string

// String returns the resource as messages name it. Policies list resources in
// the order of these texts.
func (r Resource) String() string {
	switch {
	case r.Index != "":
		return r.Table + " table, index " + r.Index
	case r.Table != "":
		return r.Table + " table"
	case r.Queue != "":
		return r.Queue + " queue"
	case r.Secret != "":
		return r.Secret + " secret"
	case r.Bucket != "":
		return r.Bucket + " bucket"
	case r.Stream != "":
		return r.Stream + " stream"
	case r.Parameter != "":
		return r.Parameter + " parameter"
	}
	return "clients of the WebSocket API"
}
