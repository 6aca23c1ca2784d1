// Package queue sends messages to an SQS queue.
package queue

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"skiff/lambdas/function"
)

// Queue is a client for one queue.
type Queue struct {
	client *sqs.Client
	url    string
}

// Open returns the queue whose URL is in the environment variable. It fails
// when this variable, or one that Config needs, is missing.
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

// Send sends one message of at most 1 MiB. It fails with a *function.Failure.
// The SDK repeats a try whose response is lost, so a message may arrive twice.
// The consumer must recognize it.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
func (q *Queue) Send(ctx context.Context, body string) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body})
	return function.Fail(ctx, "sqs:SendMessage", err)
}
