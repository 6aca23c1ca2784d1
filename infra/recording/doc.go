// Package recording runs a Pulumi program in a test, without an engine and
// without AWS, and holds what it declared: for rules to be checked against, and
// for golden files that a reviewer reads.
package recording
