package lambdas

// Each entry below has a Name: 1 to 32 of a-z 0-9 -, starting with a letter.
// Some have a Label, from which the names of variables, outputs and parameters
// are made. A table with the label "table" has the variable TABLE_NAME, the
// output tableName and the parameters tableName and tableArn. An empty Label
// means the name and the kind: the table orders has the label orders-table, so
// its variable is ORDERS_TABLE_NAME and its output ordersTableName.

// Table is a DynamoDB table with on-demand capacity.
type Table struct {
	Name  string
	Label string

	HashKey  Key
	RangeKey Key // optional
	Indexes  []Index

	// TTL is the attribute with the Unix time, in seconds, after which DynamoDB
	// may delete an item. Empty means that no item expires.
	TTL string

	// Stream is what each record of the table's stream holds: KEYS_ONLY,
	// NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES. Empty means no stream.
	Stream string

	// Shared publishes the table to other services: parameters with its name
	// and ARN, and managed policies to read and to write it.
	Shared bool

	// Sockets makes the table part of the WebSocket API. The table exists while
	// there are socket routes, and a stack that attaches to another stack uses
	// the other's table. Its rows are short-lived, so Pulumi does not protect
	// it and no alarm watches it.
	Sockets bool
}

// Key is a key attribute of a table or an index.
type Key struct {
	Name string
	Type string // S, N or B
}

// String returns a key whose values are text.
func String(name string) Key { return Key{name, "S"} }

// Number returns a key whose values are numbers.
func Number(name string) Key { return Key{name, "N"} }

// Binary returns a key whose values are bytes.
func Binary(name string) Key { return Key{name, "B"} }

// Index is a global secondary index. An update of the stack creates or deletes
// it without replacing the table.
type Index struct {
	Name     string
	HashKey  Key
	RangeKey Key // optional

	// Attributes are the attributes that the index holds besides the keys. Nil
	// means all attributes, an empty list none.
	Attributes []string
}

// Queue is an SQS queue with a dead-letter queue. It exists while a function
// consumes it. Without a consumer there is no queue, no right on it, and
// nothing is sent.
type Queue struct {
	Name    string
	Label   string
	Carries string // what the messages are, such as "events of items"
	Shared  bool   // publishes it to other services: parameters, and a policy to send
}

// Secret is a secret of Secrets Manager. An operator sets its value, which is
// never in the program, the state or a plan.
type Secret struct {
	Name        string
	Description string

	// Tokens makes it the key that signs bearer tokens. It does not exist in a
	// stack whose tokens come from an issuer, or in one that uses another
	// stack's API.
	Tokens bool
}

// Bucket is an S3 bucket that only roles with rights can reach. Scripts from
// the stack's corsOrigins may use its presigned URLs.
type Bucket struct {
	Name       string
	Label      string
	ExpireDays int  // after how many days an object is deleted; 0 means never
	Shared     bool // publishes it to other services: parameters, and policies to read and write
}

// Parameter is a parameter of SSM Parameter Store that functions read at run
// time. The stack creates it with Value. Later only an operator changes it: an
// update of the stack does not.
type Parameter struct {
	Name        string
	Description string
	Value       string // 1 to 4,096 characters
}
