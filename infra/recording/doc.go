// Package recording runs a Pulumi program in a test, without an engine and
// without AWS. It records what the program declares. Tests check rules against
// the recording and compare it with golden files.
package recording
