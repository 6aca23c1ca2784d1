// Package sqs stands for Amazon SQS: standard queues as a program declares
// them, and the calls that send, receive and delete their messages.
//
// A message is kept in a file of its own before its sender hears of it, and
// outlives a kill of the cloud at any moment. FIFO queues, tags by call and
// message move tasks are left out; a name is free at once after a queue is
// deleted, not a minute later.
package sqs
