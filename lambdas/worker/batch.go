// Package worker is for the functions that no client waits for: those that take
// the messages of a queue, the records of a table's stream, or the time of a
// schedule. A function of these kinds starts by function.Start.
package worker

import (
	"context"
	"errors"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/function"
)

// ErrLate says that an invocation has no time left for an element of its batch.
var ErrLate = errors.New("no time left")

// Queue takes each message of a batch, one after the other, and returns those
// that failed: SQS delivers these again, and moves them to the dead-letter
// queue in the end. take gets a context that ends before the invocation does;
// its panic is a failure of the one message. The queue's event source mapping
// needs ReportBatchItemFailures.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func Queue(ctx context.Context, log *slog.Logger, batch events.SQSEvent, take func(context.Context, events.SQSMessage) error) events.SQSEventResponse {
	ctx, cancel := function.Deadline(ctx)
	defer cancel()
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range batch.Records {
		if err := try(ctx, m, take); err != nil {
			log.Error("message failed", "messageId", m.MessageId, "receives", m.Attributes["ApproximateReceiveCount"], "error", err.Error())
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return response
}

// Stream takes each record of a batch in the stream's order, and stops at the
// first that fails: Lambda then delivers the batch again from that record on,
// which keeps the order. take gets a context that ends before the invocation
// does; its panic is a failure of the record. The stream's event source mapping
// needs ReportBatchItemFailures, and a limit of retries: a record that always
// fails holds up its shard until then.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
func Stream(ctx context.Context, log *slog.Logger, batch events.DynamoDBEvent, take func(context.Context, events.DynamoDBEventRecord) error) events.DynamoDBEventResponse {
	ctx, cancel := function.Deadline(ctx)
	defer cancel()
	response := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	for _, r := range batch.Records {
		if err := try(ctx, r, take); err != nil {
			log.Error("record failed", "sequenceNumber", r.Change.SequenceNumber, "eventName", r.EventName, "error", err.Error())
			response.BatchItemFailures = append(response.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: r.Change.SequenceNumber})
			break
		}
	}
	return response
}

// try takes one element of a batch, if there is time left to.
func try[T any](ctx context.Context, element T, take func(context.Context, T) error) (err error) {
	defer function.Catch(&err)
	if ctx.Err() != nil {
		return ErrLate
	}
	return take(ctx, element)
}
