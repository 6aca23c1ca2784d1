// Package dynamodb implements Amazon DynamoDB tables and their streams. An
// engine stores the items. Front, the endpoint in front of the engine,
// authorizes each call by the role of the calling function.
//
// A stream has one shard and keeps its records until the table is deleted. On
// AWS, a stream has a shard for each partition and keeps records for 24 hours.
package dynamodb
