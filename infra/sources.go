package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// batch is the maximum number of messages or records in one call of a function.
const batch = 10

// Lambda retries a failed batch of a stream in halves. The records after it
// wait meanwhile, so retries are limited.
const (
	streamRetries = 5
	streamAge     = 6 * 60 * 60 // seconds, after which Lambda discards a record
)

// newSources declares the queues, streams and schedules that call functions.
func newSources(s *stack, data *stores, fns []*function) (resources []pulumi.Resource, err error) {
	for _, f := range fns {
		for _, source := range []struct {
			is   bool
			make func(*stack, *stores, *function) (pulumi.Resource, error)
		}{{f.Consumes != "", newWorker}, {f.Follows != "", newFollower}, {f.Schedule != "", newSchedule}} {
			if !source.is {
				continue
			}
			made, err := source.make(s, data, f)
			if err != nil {
				return nil, fmt.Errorf("function %s: %w", f.Name, err)
			}
			resources = append(resources, made)
		}
	}
	return resources, nil
}

// newWorker lets a function consume its queue. The function reports which
// messages of a batch failed, and SQS returns only these.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func newWorker(s *stack, data *stores, f *function) (pulumi.Resource, error) {
	return lambda.NewEventSourceMapping(s.ctx, f.Name, &lambda.EventSourceMappingArgs{
		EventSourceArn:        data.queue(f.Consumes).made.Arn,
		FunctionName:          f.lambda.Arn,
		BatchSize:             pulumi.Int(batch),
		FunctionResponseTypes: partialFailures(),
		ScalingConfig:         lambda.EventSourceMappingScalingConfigArgs{MaximumConcurrency: pulumi.Int(s.cfg.WorkerConcurrency)},
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{f.rights}))
}

// newFollower lets a function follow the stream of its table, from the first
// change after the mapping exists. Lambda discards a record that fails too
// often and sends its position to the function's dead-letter queue.
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
func newFollower(s *stack, data *stores, f *function) (pulumi.Resource, error) {
	return lambda.NewEventSourceMapping(s.ctx, f.Name+"-stream", &lambda.EventSourceMappingArgs{
		EventSourceArn:             data.table(f.Follows).made.StreamArn,
		FunctionName:               f.lambda.Arn,
		StartingPosition:           pulumi.String("LATEST"),
		BatchSize:                  pulumi.Int(batch),
		BisectBatchOnFunctionError: pulumi.Bool(true),
		FunctionResponseTypes:      partialFailures(),
		MaximumRetryAttempts:       pulumi.Int(streamRetries),
		MaximumRecordAgeInSeconds:  pulumi.Int(streamAge),
		DestinationConfig: lambda.EventSourceMappingDestinationConfigArgs{
			OnFailure: lambda.EventSourceMappingDestinationConfigOnFailureArgs{DestinationArn: data.deadQueues[f.Name].Arn},
		},
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{f.rights}))
}

func partialFailures() pulumi.StringArray {
	return pulumi.StringArray{pulumi.String("ReportBatchItemFailures")}
}
