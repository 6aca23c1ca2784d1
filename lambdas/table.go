package lambdas

// The table's keys, as infra declares them and the store uses them. Renaming
// one replaces the table or its index.
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
