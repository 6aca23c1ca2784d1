// Package logs implements CloudWatch Logs: log groups and the lines that
// functions write to them. A group's lines are in one file and a few older
// files.
package logs
