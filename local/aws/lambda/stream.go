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

// Stream is the part of DynamoDB Streams that event source mappings use. The
// policies of the caller c decide whether a call is allowed.
type Stream interface {
	// Authorize returns an error if the caller may not do an action, such as
	// GetRecords, on a stream, or if the stream does not exist.
	Authorize(c iam.Caller, streamARN, action string) error

	// Position returns the sequence number after which a reader begins: before
	// the oldest record or, if latest is set, after the last one.
	Position(ctx context.Context, streamARN string, latest bool) (string, error)

	// Records waits up to wait for records after a sequence number. It returns
	// up to limit records in order, and the sequence number to continue after.
	Records(ctx context.Context, c iam.Caller, streamARN, after string, limit int, wait time.Duration) (records []StreamRecord, next string, err error)

	// Shard returns the id of a stream's only shard.
	Shard(streamARN string) string
}

// StreamRecord is one change of an item.
type StreamRecord struct {
	SequenceNumber string
	Created        time.Time
	Event          []byte // the record of a Lambda event, as JSON
}

// checkpointToken is the store's type for the position of a mapping in its
// stream; the key is the mapping's id.
const checkpointToken = EventSourceMappingToken + " checkpoint"

// checkpoint is the sequence number of the last processed record.
type checkpoint struct{ After string }

var streamForm = regexp.MustCompile(`^arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table/[a-zA-Z0-9_.-]{3,255}/stream/[0-9T:.-]+$`)

// ofStream reports whether the source is the stream of a table.
func (in EventSourceMapping) ofStream() bool { return streamForm.MatchString(in.EventSourceARN) }

// retries returns how often a batch is retried; -1 means without a limit.
func (in EventSourceMapping) retries() int {
	if in.MaximumRetryAttempts == nil {
		return -1
	}
	return *in.MaximumRetryAttempts
}

// recordAge returns the maximum record age in seconds; -1 means any age.
func (in EventSourceMapping) recordAge() int {
	if in.MaximumRecordAgeInSeconds == nil || *in.MaximumRecordAgeInSeconds == 0 {
		return -1
	}
	return *in.MaximumRecordAgeInSeconds
}

// destination returns the ARN of the queue for records that a function could
// not process, or "".
func (in EventSourceMapping) destination() string {
	if d := in.DestinationConfig; d != nil && d.OnFailure != nil {
		return d.OnFailure.DestinationARN
	}
	return ""
}

// checkStreamSettings applies the limits of
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html.
func checkStreamSettings(in EventSourceMapping) []provider.Problem {
	var problems provider.Problems
	problems.OneOf("startingPosition", in.StartingPosition, "LATEST", "TRIM_HORIZON")
	if n := in.MaximumRetryAttempts; n != nil {
		problems.Within("maximumRetryAttempts", *n, -1, 10000, "")
	}
	if n := in.recordAge(); n != -1 && (n < 60 || n > 604800) {
		problems.Add("maximumRecordAgeInSeconds", "%d is neither -1 (any age) nor within 60 to 604800", n)
	}
	if n := in.ParallelizationFactor; n < 0 || n > 10 {
		problems.Add("parallelizationFactor", "%d is not within 1 to 10", n)
	}
	if d := in.destination(); d != "" && !arn.IsQueue(d) {
		problems.Add("destinationConfig.onFailure.destinationArn", "%q is not the ARN of a standard queue, the only destination that the local cloud supports", d)
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
// destination that the role cannot send to.
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

// begin stores the position where a new mapping starts to read its stream. It
// keeps a position that was stored before a crash.
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

// advance stores that the records up to a sequence number are processed.
func (e *EventSources) advance(r store.Record[EventSourceMapping], after string) error {
	return store.Put(e.functions.db, checkpointToken, r.ID, store.Record[checkpoint]{ID: r.ID, Inputs: checkpoint{after}})
}
