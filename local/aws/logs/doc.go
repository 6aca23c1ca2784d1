// Package logs stands for CloudWatch Logs: log groups, and the lines that
// functions write to them, kept as a file per group and some older ones.
package logs
