// Package queue sends the events of items to the SQS queue.
package queue

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"skiff/lambdas/event"
	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
)

// Sender sends to one queue.
type Sender struct {
	client *sqs.Client
	url    string
}

// WithEvents gives the API the sender of its events.
func WithEvents(a *items.API, e function.Environment) error {
	s, err := NewSender(e)
	a.Events = s
	return err
}

// NewSender makes the sender to the queue at QUEUE_URL. It fails when a
// variable is missing.
func NewSender(e function.Environment) (*Sender, error) {
	url, err := e.Setting(names.QueueURLVariable)
	if err != nil {
		return nil, err
	}
	c, err := e.Client("SQS")
	if err != nil {
		return nil, err
	}
	return &Sender{url: url, client: sqs.New(sqs.Options{
		Region: c.Region, Credentials: c.Credentials, HTTPClient: c.HTTP, Retryer: c.Retryer, BaseEndpoint: c.Endpoint,
	})}, nil
}

// Send sends one event. A try whose answer is lost is repeated, so an event
// may come twice; its id tells. The error is a *function.Failure.
func (s *Sender) Send(ctx context.Context, e event.Event) error {
	_, err := s.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String(string(e.JSON()))})
	return function.Fail(ctx, "sqs:SendMessage", err)
}
