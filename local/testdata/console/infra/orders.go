package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newOrders declares a queue that nothing consumes, and gives a message up that
// was received once.
func newOrders(s *stack) error {
	dead, err := sqs.NewQueue(s.ctx, "orders-dead", nil, s.in)
	if err != nil {
		return err
	}
	_, err = sqs.NewQueue(s.ctx, "orders", &sqs.QueueArgs{
		RedrivePolicy: pulumi.Sprintf(`{"deadLetterTargetArn":"%s","maxReceiveCount":1}`, dead.Arn),
	}, s.in)
	return err
}
