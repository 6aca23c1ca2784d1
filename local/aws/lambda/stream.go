package lambda

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Stream is what an event source mapping asks of DynamoDB Streams. Calls that
// name a caller are decided by that caller's policies.
type Stream interface {
	// Authorize reports whether a caller may do an action, such as GetRecords,
	// on a stream. One that is not there is an error too.
	Authorize(c iam.Caller, streamARN, action string) error

	// Position is the sequence number after which a reader begins: before the
	// oldest record, or after the latest one.
	Position(ctx context.Context, streamARN string, latest bool) (string, error)

	// Records waits until a stream has records after a sequence number, at most
	// wait, and returns up to limit of them in their order, and the number to go
	// on after.
	Records(ctx context.Context, c iam.Caller, streamARN, after string, limit int, wait time.Duration) (records []StreamRecord, next string, err error)

	// Shard is the id of the one shard of a stream.
	Shard(streamARN string) string
}

// StreamRecord is one change of an item.
type StreamRecord struct {
	SequenceNumber string
	Created        time.Time
	Event          []byte // the record in a function's event, as JSON
}

// checkpointToken is the type under which the store keeps, by a mapping's id,
// how far it has read its stream.
const checkpointToken = EventSourceMappingToken + " checkpoint"

// checkpoint is the sequence number of the last record that is done with.
type checkpoint struct{ After string }

var streamForm = regexp.MustCompile(`^arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table/[a-zA-Z0-9_.-]{3,255}/stream/[0-9T:.-]+$`)

// ofStream reports whether the source is the stream of a table.
func (in EventSourceMapping) ofStream() bool { return streamForm.MatchString(in.EventSourceARN) }

// retries is how often a batch is tried again; -1 for as often as it takes.
func (in EventSourceMapping) retries() int {
	if in.MaximumRetryAttempts == nil {
		return -1
	}
	return *in.MaximumRetryAttempts
}

// recordAge is in seconds; -1 for any age.
func (in EventSourceMapping) recordAge() int {
	if in.MaximumRecordAgeInSeconds == nil || *in.MaximumRecordAgeInSeconds == 0 {
		return -1
	}
	return *in.MaximumRecordAgeInSeconds
}

// destination is the queue for records that a function could not process, "" for
// none.
func (in EventSourceMapping) destination() string {
	if d := in.DestinationConfig; d != nil && d.OnFailure != nil {
		return d.OnFailure.DestinationARN
	}
	return ""
}

// checkStreamSettings refuses settings of streams by
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html.
func checkStreamSettings(in EventSourceMapping) []provider.Problem {
	var problems provider.Problems
	problems.OneOf("startingPosition", in.StartingPosition, "LATEST", "TRIM_HORIZON")
	if n := in.MaximumRetryAttempts; n != nil {
		problems.Within("maximumRetryAttempts", *n, -1, 10000, "")
	}
	if n := in.recordAge(); n != -1 && (n < 60 || n > 604800) {
		problems.Add("maximumRecordAgeInSeconds", "%d is neither -1, for any age, nor within 60 to 604800", n)
	}
	if n := in.ParallelizationFactor; n < 0 || n > 10 {
		problems.Add("parallelizationFactor", "%d is not within 1 to 10", n)
	}
	if d := in.destination(); d != "" && !arn.IsQueue(d) {
		problems.Add("destinationConfig.onFailure.destinationArn", "%q is not the ARN of a standard queue, the one destination that the local cloud has", d)
	}
	switch {
	case in.ofStream() && in.StartingPosition == "":
		problems.Add("startingPosition", "is required for a stream: LATEST or TRIM_HORIZON")
	case in.ofStream() && in.ScalingConfig != nil:
		problems.Add("scalingConfig", "is for queues, not for streams")
	case arn.IsQueue(in.EventSourceARN):
		for property, set := range map[string]bool{
			"bisectBatchOnFunctionError": in.BisectBatchOnFunctionError, "destinationConfig": in.DestinationConfig != nil,
			"maximumRecordAgeInSeconds": in.MaximumRecordAgeInSeconds != nil, "maximumRetryAttempts": in.MaximumRetryAttempts != nil,
			"parallelizationFactor": in.ParallelizationFactor != 0, "startingPosition": in.StartingPosition != "",
		} {
			if set {
				problems.Add(property, "is for streams, not for queues")
			}
		}
	}
	return problems
}

// checkStream refuses a stream that the function's role cannot read, and a
// destination that it cannot send to.
func (e *EventSources) checkStream(caller iam.Caller, in EventSourceMapping) error {
	for _, action := range []string{"GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"} {
		err := e.stream.Authorize(caller, in.EventSourceARN, action)
		if _, denied := errors.AsType[*iam.Denied](err); denied {
			return awserr.New("InvalidParameterValueException", "Cannot access stream %s. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM: %w", in.EventSourceARN, err)
		}
		if err != nil {
			return awserr.New("InvalidParameterValueException", "Stream not found: %w", err)
		}
	}
	if in.destination() == "" {
		return nil
	}
	err := e.queue.Authorize(caller, in.destination(), "SendMessage")
	if _, denied := errors.AsType[*iam.Denied](err); denied {
		return awserr.New("InvalidParameterValueException", "The provided execution role does not have permissions to call SendMessage on SQS: %w", err)
	}
	if err != nil {
		return awserr.New("InvalidParameterValueException", "destination %s: %w", in.destination(), err)
	}
	return nil
}

// begin keeps where the mapping of a stream begins to read, unless a crash has
// kept that before.
func (e *EventSources) begin(ctx context.Context, r store.Record[EventSourceMapping]) error {
	if !r.Inputs.ofStream() {
		return nil
	}
	_, err := store.Get[checkpoint](e.functions.db, checkpointToken, r.ID)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	after, err := e.stream.Position(ctx, r.Inputs.EventSourceARN, r.Inputs.StartingPosition == "LATEST")
	if err != nil {
		return fmt.Errorf("stream %s: %w", r.Inputs.EventSourceARN, err)
	}
	return e.advance(r, after)
}

// advance keeps that the records up to a sequence number are done with.
func (e *EventSources) advance(r store.Record[EventSourceMapping], after string) error {
	return store.Put(e.functions.db, checkpointToken, r.ID, store.Record[checkpoint]{ID: r.ID, Inputs: checkpoint{after}})
}
