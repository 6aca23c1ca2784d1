// Package sqs implements Amazon SQS: the standard queues that a program
// declares, and the API calls that send, receive and delete messages.
//
// SQS writes a message to disk before SendMessage returns, so a kill at any
// moment loses no message. The package does not implement FIFO queues,
// TagQueue, UntagQueue or message move tasks. A deleted queue's name can be
// used again at once; on AWS, after a minute.
package sqs
