package lambda

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

// failedBatch is the message to the destination about discarded records. It has
// their positions in the stream, not the records
// (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
type failedBatch struct {
	RequestContext struct {
		RequestID              string `json:"requestId"`
		FunctionARN            string `json:"functionArn"`
		Condition              string `json:"condition"`
		ApproximateInvokeCount int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	ResponseContext *responseContext `json:"responseContext,omitzero"`
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	Batch           batchInfo        `json:"DDBStreamBatchInfo"`
}

// responseContext is absent if the function was not invoked.
type responseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError,omitzero"`
}

type batchInfo struct {
	ShardID                         string `json:"shardId"`
	StartSequenceNumber             string `json:"startSequenceNumber"`
	EndSequenceNumber               string `json:"endSequenceNumber"`
	ApproximateArrivalOfFirstRecord string `json:"approximateArrivalOfFirstRecord"`
	ApproximateArrivalOfLastRecord  string `json:"approximateArrivalOfLastRecord"`
	BatchSize                       int    `json:"batchSize"`
	StreamARN                       string `json:"streamArn"`
}

// discard sends records to the destination, if there is one, and moves on to
// the next records. If the destination refuses them, the records stay and are
// retried; AWS drops them.
func (e *EventSources) discard(ctx context.Context, r store.Record[EventSourceMapping], p part, condition string, o outcome) error {
	first, last := p.records[0], p.records[len(p.records)-1]
	if to := r.Inputs.destination(); to != "" {
		function, err := e.functions.find(r.Inputs.FunctionName)
		if err != nil {
			return err
		}
		f := failedBatch{
			Version: "1.0", Timestamp: e.now().UTC().Format("2006-01-02T15:04:05.000Z"),
			Batch: batchInfo{
				ShardID: e.stream.Shard(r.Inputs.EventSourceARN), StreamARN: r.Inputs.EventSourceARN, BatchSize: len(p.records),
				StartSequenceNumber: first.SequenceNumber, EndSequenceNumber: last.SequenceNumber,
				ApproximateArrivalOfFirstRecord: first.Created.UTC().Format(time.RFC3339),
				ApproximateArrivalOfLastRecord:  last.Created.UTC().Format(time.RFC3339),
			},
		}
		f.RequestContext.RequestID, f.RequestContext.FunctionARN = uuid.NewString(), functionARN(function)
		f.RequestContext.Condition, f.RequestContext.ApproximateInvokeCount = condition, p.invokes
		if o.done {
			f.ResponseContext = &responseContext{200, latest, o.functionError}
		}
		data, err := json.Marshal(f)
		if err != nil {
			return err
		}
		if err := e.queue.Send(iam.Session(function.Inputs.Role, function.ID), to, string(data), nil); err != nil {
			return fmt.Errorf("the failed records are kept, because the destination %s does not accept them: %w", to, err)
		}
	}
	e.reportFor(r, fmt.Errorf("%s: %d records are discarded, from %s to %s", condition, len(p.records), first.SequenceNumber, last.SequenceNumber))
	return e.advance(r, last.SequenceNumber)
}
