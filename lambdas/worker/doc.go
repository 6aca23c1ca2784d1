// Package worker is for functions that no client waits for. They handle
// messages of a queue, records of a table's stream, or runs of a schedule.
// Their main package calls function.Start.
package worker
