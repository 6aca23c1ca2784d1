package lambdas

// Resource names something that functions use, by its entry: one of the fields
// is set, or Table and Index.
type Resource struct {
	Table     string
	Index     string // of the table
	Queue     string
	Secret    string
	Bucket    string
	Parameter string

	// Stream is the table whose stream it is. Functions that follow one have the
	// rights that this takes.
	Stream string

	// Clients are those that are connected to the WebSocket API, to post to.
	Clients bool
}

// Rights are the IAM actions on each resource.
type Rights map[Resource][]string

// String says what the resource is, for messages. Policies list resources in
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
