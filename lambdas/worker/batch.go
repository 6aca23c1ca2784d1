package worker

import (
	"context"
	"errors"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/function"
)

// ErrLate means that the invocation has no time left for an element of its
// batch.
var ErrLate = errors.New("no time left")

// Queue calls handle for each message of a batch, one after the other, and
// returns the messages that failed. SQS delivers these again, and finally moves
// them to the dead-letter queue. The context of handle ends before the
// invocation does. A panic of handle fails only its message. The queue's event
// source mapping needs ReportBatchItemFailures.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func Queue(ctx context.Context, log *slog.Logger, batch events.SQSEvent, handle func(context.Context, events.SQSMessage) error) events.SQSEventResponse {
	ctx, cancel := function.Deadline(ctx)
	defer cancel()
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range batch.Records {
		if err := try(ctx, m, handle); err != nil {
			log.Error("message failed", "messageId", m.MessageId, "receives", m.Attributes["ApproximateReceiveCount"], "error", err.Error())
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return response
}

// Stream calls handle for each record of a batch, in order, and stops at the
// first record that fails. Lambda delivers the batch again from that record, so
// the order is kept. The context of handle ends before the invocation does. A
// panic of handle fails its record.
//
// The stream's event source mapping needs ReportBatchItemFailures and a limit
// of retries. Until that limit, a record that always fails blocks its shard.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
func Stream(ctx context.Context, log *slog.Logger, batch events.DynamoDBEvent, handle func(context.Context, events.DynamoDBEventRecord) error) events.DynamoDBEventResponse {
	ctx, cancel := function.Deadline(ctx)
	defer cancel()
	response := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	for _, r := range batch.Records {
		if err := try(ctx, r, handle); err != nil {
			log.Error("record failed", "sequenceNumber", r.Change.SequenceNumber, "eventName", r.EventName, "error", err.Error())
			response.BatchItemFailures = append(response.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: r.Change.SequenceNumber})
			break
		}
	}
	return response
}

// try calls handle for one element of a batch. It fails with ErrLate when no
// time is left.
func try[T any](ctx context.Context, element T, handle func(context.Context, T) error) (err error) {
	defer function.Catch(&err)
	if ctx.Err() != nil {
		return ErrLate
	}
	return handle(ctx, element)
}
