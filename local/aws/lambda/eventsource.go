package lambda

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// EventSourceMappingToken is the resource type of an event source mapping.
const EventSourceMappingToken = "aws:lambda/eventSourceMapping:EventSourceMapping"

// EventSourceMapping holds the inputs of a mapping from a queue or a table's
// stream to a function. Tumbling windows and provisioned pollers are not
// supported. The parallelization factor has no effect: one batch of a stream
// runs at a time, which keeps the order that AWS guarantees.
type EventSourceMapping struct {
	EventSourceARN                 string            `json:"eventSourceArn" aws:"required,replace"`
	FunctionName                   string            `json:"functionName" aws:"required"`
	BatchSize                      *int              `json:"batchSize,omitempty"`
	BisectBatchOnFunctionError     bool              `json:"bisectBatchOnFunctionError,omitempty"`
	DestinationConfig              *Destinations     `json:"destinationConfig,omitempty"`
	Enabled                        *bool             `json:"enabled,omitempty"`
	FilterCriteria                 *FilterCriteria   `json:"filterCriteria,omitempty"`
	FunctionResponseTypes          []string          `json:"functionResponseTypes,omitempty"`
	MaximumBatchingWindowInSeconds int               `json:"maximumBatchingWindowInSeconds,omitempty"`
	MaximumRecordAgeInSeconds      *int              `json:"maximumRecordAgeInSeconds,omitempty" aws:"computed"`
	MaximumRetryAttempts           *int              `json:"maximumRetryAttempts,omitempty" aws:"computed"`
	ParallelizationFactor          int               `json:"parallelizationFactor,omitempty" aws:"computed,idle"`
	ScalingConfig                  *ScalingConfig    `json:"scalingConfig,omitempty"`
	StartingPosition               string            `json:"startingPosition,omitempty" aws:"replace"`
	Tags                           map[string]string `json:"tags,omitempty"`
}

// Destinations names the destination for the stream records that a function
// could not process.
type Destinations struct {
	OnFailure *Destination `json:"onFailure,omitempty"`
}

// Destination is a standard queue.
type Destination struct {
	DestinationARN string `json:"destinationArn" aws:"required"`
}

// ScalingConfig limits how many batches of a mapping run at once, from 2 to
// 1000. 0 means that the mapping sets no limit.
type ScalingConfig struct {
	MaximumConcurrency int `json:"maximumConcurrency,omitempty"`
}

// EventSourceMappingOutputs holds the properties that AWS adds to a mapping,
// including defaults. AWS sets the properties for retries and results for
// streams only. LastProcessingResult does not change here.
type EventSourceMappingOutputs struct {
	ARN                            string `json:"arn"`
	BatchSize                      int    `json:"batchSize"`
	Enabled                        bool   `json:"enabled"`
	FunctionARN                    string `json:"functionArn"`
	LastModified                   string `json:"lastModified"`
	LastProcessingResult           string `json:"lastProcessingResult"`
	MaximumBatchingWindowInSeconds int    `json:"maximumBatchingWindowInSeconds"`
	MaximumRecordAgeInSeconds      int    `json:"maximumRecordAgeInSeconds"`
	MaximumRetryAttempts           int    `json:"maximumRetryAttempts"`
	ParallelizationFactor          int    `json:"parallelizationFactor"`
	State                          string `json:"state"`
	StateTransitionReason          string `json:"stateTransitionReason"`
	UUID                           string `json:"uuid"`
}

// Types returns the resource types of event source mappings.
func (e *EventSources) Types() []provider.Kind { return []provider.Kind{MappingType(e)} }

// MappingType returns the resource type of event source mappings.
func MappingType(e *EventSources) *provider.Resource[EventSourceMapping, EventSourceMappingOutputs] {
	return &provider.Resource[EventSourceMapping, EventSourceMappingOutputs]{
		Token: EventSourceMappingToken, Volatile: []string{"functionArn", "lastModified", "state"}, Exclusive: true,
		Check: checkEventSourceMapping,
		ID:    e.newID,
		Create: func(ctx context.Context, _ provider.Call, r *store.Record[EventSourceMapping]) error {
			if err := e.prepare(r); err != nil {
				return err
			}
			if err := e.begin(ctx, *r); err != nil {
				return err
			}
			// poll gets the record as an argument, because the store does not
			// have it yet.
			e.poll(*r)
			return nil
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[EventSourceMapping], r *store.Record[EventSourceMapping]) error {
			return e.prepare(r)
		},
		Updated: e.poll,
		Delete: func(ctx context.Context, _ provider.Call, r store.Record[EventSourceMapping]) error {
			if err := e.stop(ctx, r.ID); err != nil {
				return err
			}
			return store.Delete(e.functions.db, checkpointToken, r.ID)
		},
		Actions:  mappingActions,
		Describe: describeMapping,
	}
}

// newID returns a random id. If a crash hid the record of the same mapping from
// the engine, newID returns the id in that record.
func (e *EventSources) newID(c provider.Call, in EventSourceMapping) string {
	all, err := store.List[EventSourceMapping](e.functions.db, EventSourceMappingToken)
	if err != nil {
		return uuid.NewString()
	}
	for _, r := range all {
		if r.URN == c.URN && sameMapping(r.Inputs, in) {
			return r.ID
		}
	}
	return uuid.NewString()
}

func sameMapping(a, b EventSourceMapping) bool {
	return a.EventSourceARN == b.EventSourceARN && nameOf(a.FunctionName) == nameOf(b.FunctionName)
}

// reportFailures is the only response type.
const reportFailures = "ReportBatchItemFailures"

// checkEventSourceMapping applies the limits of
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html.
func checkEventSourceMapping(in EventSourceMapping) []provider.Problem {
	var problems provider.Problems
	if in.EventSourceARN != "" && !arn.IsQueue(in.EventSourceARN) && !in.ofStream() {
		problems.Add("eventSourceArn", "%q is not the ARN of a standard queue or of a table's stream, the event sources that the local cloud supports", in.EventSourceARN)
	}
	if in.FunctionName != "" && !functionName.MatchString(nameOf(in.FunctionName)) {
		problems.Add("functionName", "%q is neither the name nor the ARN of a function", in.FunctionName)
	}
	size, window := in.batchSize(), in.MaximumBatchingWindowInSeconds
	switch {
	case in.BatchSize != nil && (*in.BatchSize < 1 || *in.BatchSize > 10000):
		problems.Add("batchSize", "%d is not within 1 to 10000", *in.BatchSize)
	case size > 10 && window < 1 && arn.IsQueue(in.EventSourceARN):
		problems.Add("batchSize", "%d: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10", size)
	}
	problems.Within("maximumBatchingWindowInSeconds", window, 0, 300, "")
	for _, t := range in.FunctionResponseTypes {
		if t != reportFailures {
			problems.Add("functionResponseTypes", "%q is not %s", t, reportFailures)
		}
	}
	if s := in.ScalingConfig; s != nil && s.MaximumConcurrency != 0 {
		problems.Within("scalingConfig.maximumConcurrency", s.MaximumConcurrency, 2, 1000, "")
	}
	return append(append(problems, checkStreamSettings(in)...), checkFilters(in)...)
}

func deref(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func (in EventSourceMapping) enabled() bool { return in.Enabled == nil || *in.Enabled }

// batchSize returns the most records in a batch; the default depends on the
// source.
func (in EventSourceMapping) batchSize() int {
	if in.ofStream() {
		return orDefault(deref(in.BatchSize), 100)
	}
	return orDefault(deref(in.BatchSize), 10)
}

// concurrency returns how many batches run at once. AWS starts with five and
// adds more while the queue grows; here it stays at five.
func (in EventSourceMapping) concurrency() int {
	if s := in.ScalingConfig; s != nil && s.MaximumConcurrency > 0 {
		return s.MaximumConcurrency
	}
	return 5
}

func (in EventSourceMapping) reportsFailures() bool {
	return slices.Contains(in.FunctionResponseTypes, reportFailures)
}

// prepare checks the function and the event source that the mapping refers to,
// as AWS does.
func (e *EventSources) prepare(r *store.Record[EventSourceMapping]) error {
	in := r.Inputs
	function, err := e.functions.find(in.FunctionName)
	if err != nil {
		return awserr.New("ResourceNotFoundException", "Function not found: %w", err)
	}
	if region := arn.Region(in.EventSourceARN); region != function.Region {
		return awserr.New("InvalidParameterValueException", "the event source is in region %s and the function %s in %s", region, function.ID, function.Region)
	}
	if err := e.checkUnique(r); err != nil {
		return err
	}
	r.State["function"] = functionARN(function)
	r.State["modified"] = time.Now().UTC().Format(time.RFC3339)
	caller := iam.Session(function.Inputs.Role, function.ID)
	if in.ofStream() {
		return e.checkStream(caller, in)
	}
	return e.checkQueue(caller, in, function)
}

// checkQueue refuses a queue that the function's role cannot read. It also
// refuses a visibility timeout below the function's timeout, because SQS would
// return a message while the function still processes it.
func (e *EventSources) checkQueue(caller iam.Caller, in EventSourceMapping, function store.Record[Function]) error {
	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		err := e.queue.Authorize(caller, in.EventSourceARN, action)
		if _, denied := errors.AsType[*iam.Denied](err); denied {
			return awserr.New("InvalidParameterValueException", "The provided execution role does not have permissions to call %s on SQS: %w", action, err)
		}
		if err != nil {
			return awserr.New("InvalidParameterValueException", "event source %s: %w", in.EventSourceARN, err)
		}
	}
	visibility, err := e.queue.VisibilityTimeout(in.EventSourceARN)
	if err != nil {
		return fmt.Errorf("event source %s: %w", in.EventSourceARN, err)
	}
	if timeout := orDefault(function.Inputs.Timeout, 3); visibility < time.Duration(timeout)*time.Second {
		return awserr.New("InvalidParameterValueException", "Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", int(visibility.Seconds()), timeout)
	}
	return nil
}

func (e *EventSources) checkUnique(r *store.Record[EventSourceMapping]) error {
	all, err := store.List[EventSourceMapping](e.functions.db, EventSourceMappingToken)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != r.ID && sameMapping(other.Inputs, r.Inputs) {
			source := "SQS"
			if r.Inputs.ofStream() {
				source = "event source"
			}
			return awserr.New("ResourceConflictException", "An event source mapping with %s arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s",
				source, r.Inputs.EventSourceARN, nameOf(r.Inputs.FunctionName), other.ID)
		}
	}
	return nil
}

func mappingARN(r store.Record[EventSourceMapping]) string {
	return arn.New("lambda", r.Region, r.Account, "event-source-mapping:"+r.ID)
}

func describeMapping(r store.Record[EventSourceMapping]) EventSourceMappingOutputs {
	out := EventSourceMappingOutputs{
		ARN:                            mappingARN(r),
		BatchSize:                      r.Inputs.batchSize(),
		Enabled:                        r.Inputs.enabled(),
		FunctionARN:                    r.State["function"],
		LastModified:                   r.State["modified"],
		MaximumBatchingWindowInSeconds: r.Inputs.MaximumBatchingWindowInSeconds,
		State:                          "Disabled",
		StateTransitionReason:          "USER_INITIATED",
		UUID:                           r.ID,
	}
	if out.Enabled {
		out.State = "Enabled"
	}
	if r.Inputs.ofStream() {
		out.LastProcessingResult, out.StateTransitionReason = "No records processed", "User action"
		out.MaximumRecordAgeInSeconds, out.MaximumRetryAttempts = r.Inputs.recordAge(), r.Inputs.retries()
		out.ParallelizationFactor = orDefault(r.Inputs.ParallelizationFactor, 1)
	}
	return out
}

// sourceName returns the name of the event source for error messages.
func sourceName(in EventSourceMapping) string {
	parts, _ := arn.Parse(in.EventSourceARN)
	if in.ofStream() {
		return "stream of table " + strings.Split(parts.Resource, "/")[1]
	}
	return "queue " + parts.Resource
}
