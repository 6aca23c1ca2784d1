// Package names holds the names that both the infra program and the functions
// use. It is separate from package lambdas because every function imports it: a
// new route or right in lambdas does not change a binary.
package names

// The tables' keys. A changed key replaces the table or its index.
const (
	KeyAttribute = "id"           // hash key of items, range key of connections
	TTLAttribute = "ttl"          // Unix seconds after which DynamoDB may delete a row
	StatusIndex  = "status-index" // every item that has a status, by StatusKey and CreatedKey
	StatusKey    = "status"       // hash key of the index
	CreatedKey   = "createdAt"    // range key of the index

	// KindAttribute is the hash key of the connections table, which holds two
	// kinds of rows: connections, and events that were sent to them. One Query
	// reads all rows of a kind, without a Scan.
	KindAttribute = "kind"
)

// SubjectContext is the key under which the authorizer passes the caller's
// subject to the functions behind the API.
const SubjectContext = "subject"

// The environment variables of a function, which infra sets.
const (
	LogLevelVariable = "LOG_LEVEL"

	TableNameVariable        = "TABLE_NAME"             // of the table items
	ConnectionsTableVariable = "CONNECTIONS_TABLE_NAME" // of the table connections
	ConnectionsURLVariable   = "CONNECTIONS_URL"        // where messages to WebSocket clients are posted
	QueueURLVariable         = "QUEUE_URL"              // of the queue for events of items

	// The value of a secret is never in the environment, only its ARN.
	TokenKeyVariable  = "TOKEN_KEY_SECRET"  // secret whose value signs bearer tokens
	CursorKeyVariable = "CURSOR_KEY_SECRET" // secret whose value signs cursors

	// Set only where an issuer signs the tokens.
	IssuerVariable    = "TOKEN_ISSUER"    // URL
	AudiencesVariable = "TOKEN_AUDIENCES" // separated by commas
)
