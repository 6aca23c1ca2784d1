// Package eventpattern reads the patterns by which EventBridge, the event source
// mappings of Lambda and the subscriptions of SNS choose events, and matches JSON
// against them
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
//
// A pattern is an object whose leaves are lists of what a field may be. Fields
// are joined by and, the elements of a list by or. A field of the event that is a
// list matches if one of its elements does; the members of an object within a list
// are matched together. An empty list and an object count as no value.
package eventpattern
