// Package eventpattern parses event patterns and matches JSON against them.
// EventBridge, Lambda's event source mappings and SNS subscriptions use such
// patterns
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
//
// A pattern is an object whose leaves are lists of allowed values. All fields
// must match, each by one element of its list. A field of the event that is a
// list matches if one of its elements does. Each object in a list is matched as
// a whole. An empty list or an object counts as no value.
package eventpattern
