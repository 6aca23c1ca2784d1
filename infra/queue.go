package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// visibilities is the least ratio of a queue's visibility timeout to its
// function's timeout. With a shorter visibility timeout, throttling alone can
// return a message until it reaches the dead-letter queue.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
const visibilities = 6

// deadDays is the retention of a dead-letter queue in days, the longest that
// SQS allows.
const deadDays = 14

// queue is an SQS queue with its declaration and its dead-letter queue.
type queue struct {
	lambdas.Queue
	made, dead *sqs.Queue
	allowed    pulumi.Resource // lets made, and no other queue, move messages to dead
}

func newQueues(s *stack, declared []lambdas.Queue) (queues []queue, err error) {
	for _, d := range declared {
		q, err := newQueue(s, d)
		if err != nil {
			return nil, err
		}
		queues = append(queues, q)
	}
	return queues, nil
}

// newQueue declares a queue and its dead-letter queue. SQS moves a message
// there after it was received queueReceives times. The dead-letter queue
// accepts messages only from this queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
func newQueue(s *stack, d lambdas.Queue) (queue, error) {
	dead, err := newDeadQueue(s, d.Name)
	if err != nil {
		return queue{}, err
	}
	made, err := sqs.NewQueue(s.ctx, d.Name, &sqs.QueueArgs{
		VisibilityTimeoutSeconds: pulumi.Int(s.cfg.QueueVisibility),
		MessageRetentionSeconds:  pulumi.Int(s.cfg.QueueDays * 24 * 60 * 60),
		SqsManagedSseEnabled:     pulumi.Bool(true),
		RedrivePolicy: dead.Arn.ApplyT(func(arn string) (string, error) {
			text, err := json.Marshal(map[string]any{"deadLetterTargetArn": arn, "maxReceiveCount": s.cfg.QueueReceives})
			return string(text), err
		}).(pulumi.StringOutput),
	}, s.in)
	if err != nil {
		return queue{}, err
	}
	allowed, err := sqs.NewRedriveAllowPolicy(s.ctx, deadName(d.Name), &sqs.RedriveAllowPolicyArgs{
		QueueUrl: dead.Url,
		RedriveAllowPolicy: made.Arn.ApplyT(func(arn string) (string, error) {
			text, err := json.Marshal(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{arn}})
			return string(text), err
		}).(pulumi.StringOutput),
	}, s.in)
	return queue{d, made, dead, allowed}, err
}

// newDeadQueue declares the dead-letter queue of a queue or of a function.
func newDeadQueue(s *stack, of string) (*sqs.Queue, error) {
	return sqs.NewQueue(s.ctx, deadName(of), &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(deadDays * 24 * 60 * 60),
		SqsManagedSseEnabled:    pulumi.Bool(true),
	}, s.in)
}

// newStreamDeadQueues declares a dead-letter queue for each function that follows a
// stream. A stream continues after a record that fails too often, and this
// queue keeps the position of that record.
func newStreamDeadQueues(s *stack, functions []lambdas.Function) (map[string]*sqs.Queue, error) {
	all := map[string]*sqs.Queue{}
	for _, f := range functions {
		if f.Follows == "" {
			continue
		}
		dead, err := newDeadQueue(s, f.Name)
		if err != nil {
			return nil, err
		}
		all[f.Name] = dead
	}
	return all, nil
}

// deadName returns the logical name of the dead-letter queue of a queue or of a
// function.
func deadName(of string) string { return "dead-" + of }

// places returns the place of the queue. Functions get its URL.
func (q queue) places() places {
	return places{lambdas.Resource{Queue: q.Name}: {
		arn: q.made.Arn, variables: pulumi.StringMap{queueLabel(q.Queue).variable("URL"): q.made.Url}}}
}
