// Package names holds the names that the infra program declares and the
// functions use. It is apart from the declaration in package lambdas because
// every function is built with it: a route or a right added there changes no
// binary.
package names

// The table's keys. Renaming one replaces the table or its index.
const (
	KeyAttribute = "id"           // hash key of the table
	TTLAttribute = "ttl"          // Unix seconds after which DynamoDB may remove an item
	StatusIndex  = "status-index" // every item with a status, by StatusKey and CreatedKey
	StatusKey    = "status"       // hash key of the index
	CreatedKey   = "createdAt"    // range key of the index
)

// The environment of a function, as infra sets it and the handlers read it.
const (
	TableNameVariable = "TABLE_NAME"
	LogLevelVariable  = "LOG_LEVEL"
)
