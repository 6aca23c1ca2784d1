package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// visibilities is how many of its function's timeouts a message must stay
// hidden: with fewer, one that is throttled comes back before it was tried.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
const visibilities = 6

// deadDays is how long messages that nothing could be done with are kept: the
// longest there is.
const deadDays = 14

// queue is an SQS queue with its declaration and its dead-letter queue.
type queue struct {
	lambdas.Queue
	made, dead *sqs.Queue
	allowed    pulumi.Resource // the permission to move messages to dead
}

// newQueues declares the queues.
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

// newQueue declares a queue and its dead-letter queue. A message that was
// received queueReceives times and is still there goes to that, which takes
// messages from this one queue alone.
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

// newDeadQueue declares the queue of what failed too often, in a queue or a
// function.
func newDeadQueue(s *stack, of string) (*sqs.Queue, error) {
	return sqs.NewQueue(s.ctx, deadName(of), &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(deadDays * 24 * 60 * 60),
		SqsManagedSseEnabled:    pulumi.Bool(true),
	}, s.in)
}

// newFailed declares a dead-letter queue for each function that follows a
// stream: a stream moves on from a record that fails, and this keeps where it is.
func newFailed(s *stack, functions []lambdas.Function) (map[string]*sqs.Queue, error) {
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

func deadName(of string) string { return "dead-" + of }

// places are where the queue is.
func (q queue) places() places {
	return places{lambdas.Resource{Queue: q.Name}: {
		arn: q.made.Arn, variables: pulumi.StringMap{queueLabel(q.Queue).variable("URL"): q.made.Url}}}
}
