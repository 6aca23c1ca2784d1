package lambdas

// Each entry below has a Name, 1 to 32 of a-z 0-9 - with a letter first, and
// some a Label: what functions, outputs and parameters call it. The label
// "table" of a table makes the variable TABLE_NAME, the output tableName and the
// parameters tableName and tableArn. An empty one is the name with the kind:
// orders-table, with ORDERS_TABLE_NAME and ordersTableName.

// Table is a DynamoDB table that is paid per request.
type Table struct {
	Name  string
	Label string

	HashKey  Key
	RangeKey Key // none: Key{}
	Indexes  []Index

	// TTL is the attribute with the Unix time in seconds after which DynamoDB
	// may remove an item; empty: none.
	TTL string

	// Stream is what the table's stream holds of each change: KEYS_ONLY,
	// NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES; empty: there is no stream.
	Stream string

	// Shared makes the table known to other services: parameters with its name
	// and ARN, and managed policies to read and to write it.
	Shared bool

	// Sockets makes it part of the WebSocket API: it comes and goes with the
	// socket routes, a stack that is attached to another uses the other's, and it
	// holds nothing that lasts: nothing protects or watches it.
	Sockets bool
}

// Key is an attribute that a table or an index is looked up by.
type Key struct {
	Name string
	Type string // S, N or B
}

// String returns the key of an attribute that holds text.
func String(name string) Key { return Key{name, "S"} }

// Number returns the key of an attribute that holds a number.
func Number(name string) Key { return Key{name, "N"} }

// Binary returns the key of an attribute that holds bytes.
func Binary(name string) Key { return Key{name, "B"} }

// Index is a global secondary index. DynamoDB makes or deletes one in an update.
type Index struct {
	Name     string
	HashKey  Key
	RangeKey Key // none: Key{}

	// Attributes are those that the index holds besides the keys. Nil is all of
	// them, an empty list none.
	Attributes []string
}

// Queue is an SQS queue with its dead-letter queue. It is there while a function
// consumes it; without one, nobody has rights on it and nothing is sent.
type Queue struct {
	Name    string
	Label   string
	Carries string // the messages, in words: "events of items"
	Shared  bool   // other services know it by parameters and may be given a policy to send
}

// Secret is a secret of Secrets Manager. An operator puts in its value: the
// program, its state and its plans know none.
type Secret struct {
	Name        string
	Description string

	// Tokens makes it the key that signs bearer tokens: there is none where an
	// issuer signs them, or where another stack's API is used.
	Tokens bool
}

// Bucket is an S3 bucket that no one but roles with rights can reach. Scripts of
// the stack's corsOrigins may use its presigned URLs.
type Bucket struct {
	Name       string
	Label      string
	ExpireDays int  // after which an object is deleted; 0: never
	Shared     bool // other services know it by parameters and may be given policies to read and write
}

// Parameter is a parameter of Parameter Store that functions read while they
// run. The stack makes it with Value; from then on an operator changes it, and
// an update leaves it alone.
type Parameter struct {
	Name        string
	Description string
	Value       string // 1 to 4,096 characters
}
