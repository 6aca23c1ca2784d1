package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// visibilities is how many of its function's timeouts a message must stay
// hidden: with fewer, one that is throttled comes back before it was tried.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
const visibilities = 6

// deadDays is how long messages that nothing could be done with are kept: the
// longest there is.
const deadDays = 14

// batch is how many messages the worker gets at most in one call.
const batch = 10

// queues are the queue of events and the one for those that failed too often.
type queues struct {
	events, dead *sqs.Queue
	allowed      pulumi.Resource // that dead takes from events
}

// newQueues declares both. A message that was received queueReceives times and
// is still there goes to the dead-letter queue, which takes them from this one
// queue alone.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
func newQueues(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption) (*queues, error) {
	dead, err := sqs.NewQueue(ctx, "dead-events", &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(deadDays * 24 * 60 * 60),
		SqsManagedSseEnabled:    pulumi.Bool(true),
	}, in)
	if err != nil {
		return nil, err
	}
	events, err := sqs.NewQueue(ctx, "events", &sqs.QueueArgs{
		VisibilityTimeoutSeconds: pulumi.Int(cfg.QueueVisibility),
		MessageRetentionSeconds:  pulumi.Int(cfg.QueueDays * 24 * 60 * 60),
		SqsManagedSseEnabled:     pulumi.Bool(true),
		RedrivePolicy: dead.Arn.ApplyT(func(arn string) (string, error) {
			text, err := json.Marshal(map[string]any{"deadLetterTargetArn": arn, "maxReceiveCount": cfg.QueueReceives})
			return string(text), err
		}).(pulumi.StringOutput),
	}, in)
	if err != nil {
		return nil, err
	}
	allowed, err := sqs.NewRedriveAllowPolicy(ctx, "dead-events", &sqs.RedriveAllowPolicyArgs{
		QueueUrl: dead.Url,
		RedriveAllowPolicy: events.Arn.ApplyT(func(arn string) (string, error) {
			text, err := json.Marshal(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{arn}})
			return string(text), err
		}).(pulumi.StringOutput),
	}, in)
	return &queues{events, dead, allowed}, err
}

// places are where the queue of events is.
func (q *queues) places() places {
	return places{lambdas.EventQueue: {q.events.Arn, pulumi.StringMap{names.QueueURLVariable: q.events.Url}}}
}

// newWorkers lets the functions that consume the queue do so. A function tells
// which messages of a batch have failed, and those alone come back.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func newWorkers(ctx *pulumi.Context, cfg config, q *queues, fns []*function) error {
	for _, f := range fns {
		if !f.declared.Consumes {
			continue
		}
		worker, err := lambda.NewEventSourceMapping(ctx, f.declared.Name, &lambda.EventSourceMappingArgs{
			EventSourceArn:        q.events.Arn,
			FunctionName:          f.lambda.Arn,
			BatchSize:             pulumi.Int(batch),
			FunctionResponseTypes: pulumi.StringArray{pulumi.String("ReportBatchItemFailures")},
			ScalingConfig:         lambda.EventSourceMappingScalingConfigArgs{MaximumConcurrency: pulumi.Int(cfg.WorkerConcurrency)},
		}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{f.rights}))
		if err != nil {
			return err
		}
		f.parts = append(f.parts, worker)
	}
	return nil
}
