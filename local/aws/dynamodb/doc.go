// Package dynamodb stands for Amazon DynamoDB: tables with their streams, and a
// front before the engine that holds their items, which decides each call by the
// role of the function that makes it.
//
// A stream has one shard, and keeps its records for as long as the table is
// there; AWS has a shard for each partition and drops records after 24 hours.
package dynamodb
