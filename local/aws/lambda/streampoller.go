package lambda

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

// The first and the longest pause before a batch of a stream is retried. AWS
// documents that it pauses, but not for how long.
const (
	retryPause = 100 * time.Millisecond
	retryMost  = 30 * time.Second
)

// follow processes a stream until ctx ends, one batch after the other: a failed
// batch blocks the later ones
// (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
func (e *EventSources) follow(ctx context.Context, r store.Record[EventSourceMapping]) {
	reported := ""
	for ctx.Err() == nil {
		err := e.followOnce(ctx, r)
		if ctx.Err() != nil {
			return
		}
		reported = e.rest(ctx, r, err, reported)
	}
}

// followOnce reads a batch, if there is one, and processes it.
func (e *EventSources) followOnce(ctx context.Context, r store.Record[EventSourceMapping]) error {
	held, err := store.Get[checkpoint](e.functions.db, checkpointToken, r.ID)
	if err != nil {
		return fmt.Errorf("the position in the stream: %w", err)
	}
	records, next, err := e.gatherRecords(ctx, r, held.Inputs.After)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		if next == held.Inputs.After {
			return nil
		}
		return e.advance(r, next)
	}
	return e.work(ctx, r, records)
}

// gatherRecords reads a batch: the available records, or more within the
// batching window, but no more than fit into one event.
func (e *EventSources) gatherRecords(ctx context.Context, r store.Record[EventSourceMapping], after string) ([]StreamRecord, string, error) {
	in := r.Inputs
	function, err := e.functions.find(in.FunctionName)
	if err != nil {
		return nil, after, err
	}
	caller := iam.Session(function.Inputs.Role, function.ID)
	for _, action := range []string{"DescribeStream", "ListStreams"} {
		if err := e.stream.Authorize(caller, in.EventSourceARN, action); err != nil {
			return nil, after, err
		}
	}
	size, window := in.batchSize(), time.Duration(in.MaximumBatchingWindowInSeconds)*time.Second
	records, next, err := e.readRecords(ctx, caller, in, after, min(size, maxStreamPage), pollWait)
	deadline := time.Now().Add(window)
	for err == nil && len(records) > 0 && len(records) < size && time.Until(deadline) > 0 && eventSize(records) < MaxRequestBytes {
		var more []StreamRecord
		more, next, err = e.readRecords(ctx, caller, in, next, min(size-len(records), maxStreamPage), time.Until(deadline))
		records = append(records, more...)
	}
	for len(records) > 1 && eventSize(records) > MaxRequestBytes {
		records = records[:len(records)-1]
	}
	return records, next, err
}

// maxStreamPage is the most records that one GetRecords call returns.
const maxStreamPage = 1000

func eventSize(records []StreamRecord) int {
	n := len(eventStart) + len(eventEnd)
	for _, r := range records {
		n += len(r.Event) + len(",")
	}
	return n
}

func eventOf(records []StreamRecord) []byte {
	event := []byte(eventStart)
	for i, r := range records {
		if i > 0 {
			event = append(event, ',')
		}
		event = append(event, r.Event...)
	}
	return append(event, eventEnd...)
}

// part holds the unprocessed records of a batch.
type part struct {
	records  []StreamRecord
	invokes  int // invocations with these records
	failures int // failures that count as retries
}

// work invokes the function with a batch until all its records are processed or
// ctx ends. It stores its progress record by record, so that only the remaining
// records come again after a restart.
func (e *EventSources) work(ctx context.Context, r store.Record[EventSourceMapping], records []StreamRecord) error {
	parts := []part{{records: records}}
	pause := e.retry
	for len(parts) > 0 && ctx.Err() == nil {
		p := parts[0]
		rest, err := e.dropOld(ctx, r, p)
		if err != nil {
			return err
		}
		if len(rest.records) == 0 {
			parts = parts[1:]
			continue
		}
		left, outcome, err := e.try(ctx, r, rest)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			parts, pause = parts[1:], e.retry
			continue
		}
		if outcome.done {
			if left[0].failures <= r.Inputs.retries() || r.Inputs.retries() < 0 {
				parts = append(left, parts[1:]...)
			} else if err := e.discard(ctx, r, left[0], "RetryAttemptsExhausted", outcome); err != nil {
				return err
			} else {
				parts, pause = parts[1:], e.retry
				continue
			}
		}
		if len(left) == 1 { // the halves of a split batch are retried at once
			sleep(ctx, pause)
			pause = min(2*pause, retryMost)
		}
	}
	return nil
}

// outcome is the outcome of an invocation.
type outcome struct {
	done          bool // the function has run
	functionError string
}

// try invokes the function with a part and returns what is left of it: nothing,
// the part from the first failed record on, or its two halves.
func (e *EventSources) try(ctx context.Context, r store.Record[EventSourceMapping], p part) ([]part, outcome, error) {
	function, err := e.functions.find(r.Inputs.FunctionName)
	if err != nil {
		return nil, outcome{}, err
	}
	// A running batch continues when polling stops.
	began := WithOrigin(context.WithoutCancel(ctx), Origin{Kind: "stream", Source: r.Inputs.EventSourceARN})
	result, err := e.functions.runtime.Invoke(began, e.functions.current(function), eventOf(p.records))
	if errors.Is(err, ErrThrottled) {
		return []part{p}, outcome{}, nil
	}
	if err != nil && !errors.Is(err, ErrPayloadTooLarge) {
		return nil, outcome{}, err
	}
	p.invokes++
	o := outcome{done: true, functionError: result.FunctionError}
	first := 0
	if o.functionError == "" && err == nil {
		first = firstFailure(p.records, result.Payload, r.Inputs.reportsFailures())
	}
	if first > 0 {
		if err := e.advance(r, p.records[first-1].SequenceNumber); err != nil {
			return nil, o, err
		}
	}
	if first == len(p.records) {
		return nil, o, nil
	}
	p.records = p.records[first:]
	// Splitting a batch does not count as a retry
	// (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
	if r.Inputs.BisectBatchOnFunctionError && first == 0 && len(p.records) > 1 {
		half := len(p.records) / 2
		return []part{{p.records[:half], p.invokes, p.failures}, {p.records[half:], p.invokes, p.failures}}, o, nil
	}
	if !r.Inputs.BisectBatchOnFunctionError || first == 0 {
		p.failures++
	}
	return []part{p}, o, nil
}

// firstFailure returns the index of the first record that the answer reports as
// failed, or the number of records if none failed. An invalid answer means that
// the whole batch failed
// (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html).
func firstFailure(records []StreamRecord, answer []byte, reportsFailures bool) int {
	first := len(records)
	if !reportsFailures || len(answer) == 0 {
		return first
	}
	var response *struct {
		BatchItemFailures []struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if json.Unmarshal(answer, &response) != nil {
		return 0
	}
	if response == nil {
		return first
	}
	for _, f := range response.BatchItemFailures {
		at := -1
		for i, r := range records {
			if f.ItemIdentifier != nil && r.SequenceNumber == *f.ItemIdentifier {
				at = i
			}
		}
		if at < 0 {
			return 0
		}
		first = min(first, at)
	}
	return first
}

// dropOld discards the records of a part that exceed the mapping's maximum
// record age. It allows one second more, because a record's time is in whole
// seconds.
func (e *EventSources) dropOld(ctx context.Context, r store.Record[EventSourceMapping], p part) (part, error) {
	age := r.Inputs.recordAge()
	if age < 0 {
		return p, nil
	}
	n := 0
	for n < len(p.records) && e.now().Sub(p.records[n].Created) > time.Duration(age+1)*time.Second {
		n++
	}
	if n == 0 {
		return p, nil
	}
	old := part{p.records[:n], p.invokes, p.failures}
	p.records = p.records[n:]
	return p, e.discard(ctx, r, old, "RecordAgeExceeded", outcome{done: p.invokes > 0})
}
