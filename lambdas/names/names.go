// Package names holds the names that the infra program declares and the
// functions use. It is apart from the declaration in package lambdas because
// every function is built with it: a route or a right added there changes no
// binary.
package names

// The tables' keys. Renaming one replaces the table or its index.
const (
	KeyAttribute = "id"           // hash key of the items, range key of the connections
	TTLAttribute = "ttl"          // Unix seconds after which DynamoDB may remove a row
	StatusIndex  = "status-index" // every item with a status, by StatusKey and CreatedKey
	StatusKey    = "status"       // hash key of the index
	CreatedKey   = "createdAt"    // range key of the index

	// KindAttribute is the hash key of the table of connections: its rows are
	// connections, and events that were passed on to them. All rows of a kind
	// are one Query, no Scan.
	KindAttribute = "kind"
)

// SubjectContext is where an authorizer's answer has the caller's subject, for
// the functions behind the API to find.
const SubjectContext = "subject"

// The environment of a function, as infra sets it and the handlers read it.
const (
	LogLevelVariable = "LOG_LEVEL"

	TableNameVariable        = "TABLE_NAME"             // of the items
	ConnectionsTableVariable = "CONNECTIONS_TABLE_NAME" // of the WebSocket connections
	ConnectionsURLVariable   = "CONNECTIONS_URL"        // where messages to connections are posted
	QueueURLVariable         = "QUEUE_URL"              // of the items' events

	// Secrets are named, never told.
	TokenKeyVariable  = "TOKEN_KEY_SECRET"  // ARN of the secret whose value signs bearer tokens
	CursorKeyVariable = "CURSOR_KEY_SECRET" // ARN of the secret whose value signs cursors

	// Where tokens come from an issuer instead.
	IssuerVariable    = "TOKEN_ISSUER"    // URL
	AudiencesVariable = "TOKEN_AUDIENCES" // with commas between them
)
