// Package items is the domain of this service: the item in JSON and in
// DynamoDB, its rules, its table and its errors. Each handler is in a package
// below this one and imports no other handler. So a change of a handler changes
// one binary, and a change of this package changes all of them.
package items
