// Package queue sends messages to an SQS queue, as the functions use it.
package queue

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"skiff/lambdas/function"
)

// Queue is one queue.
type Queue struct {
	client *sqs.Client
	url    string
}

// Open returns the queue whose URL the environment's variable holds. It fails
// when that or another variable is missing.
func Open(e function.Environment, variable string) (*Queue, error) {
	url, err := e.Setting(variable)
	if err != nil {
		return nil, err
	}
	c, err := e.Config("SQS")
	if err != nil {
		return nil, err
	}
	return &Queue{url: url, client: sqs.NewFromConfig(c)}, nil
}

// Send sends one message, of at most 1 MiB. A try whose answer is lost is
// repeated, so a message may come twice: its consumer has to recognise it.
// The error is a *function.Failure.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
func (q *Queue) Send(ctx context.Context, body string) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body})
	return function.Fail(ctx, "sqs:SendMessage", err)
}
