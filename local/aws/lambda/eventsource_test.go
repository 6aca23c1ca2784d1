package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	testQueue  = "arn:aws:sqs:eu-west-1:111111111111:q"
	testStream = "arn:aws:dynamodb:eu-west-1:111111111111:table/items/stream/2026-01-02T15:04:05.000"
)

func pointer[T any](v T) *T { return &v }

func TestCheckEventSourceMapping(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   EventSourceMapping
		want string
	}{
		{EventSourceMapping{}, ""}, // nothing known yet
		{EventSourceMapping{EventSourceARN: testQueue, FunctionName: testARN, BatchSize: pointer(10), FunctionResponseTypes: []string{"ReportBatchItemFailures"}, ScalingConfig: &ScalingConfig{2}}, ""},
		{EventSourceMapping{FunctionName: "f", BatchSize: pointer(10000), MaximumBatchingWindowInSeconds: 300, ScalingConfig: &ScalingConfig{1000}}, ""},
		{EventSourceMapping{EventSourceARN: testARN}, "eventSourceArn"},
		{EventSourceMapping{EventSourceARN: testQueue + ".fifo"}, "eventSourceArn"},
		{EventSourceMapping{EventSourceARN: "arn:aws:kinesis:eu-west-1:111111111111:stream/s"}, "eventSourceArn"},
		{EventSourceMapping{FunctionName: "a b"}, "functionName"},
		{EventSourceMapping{BatchSize: pointer(0)}, "batchSize"},
		{EventSourceMapping{EventSourceARN: testQueue, BatchSize: pointer(11)}, "batchSize"},
		{EventSourceMapping{EventSourceARN: testStream, StartingPosition: "LATEST", BatchSize: pointer(10000), ParallelizationFactor: 10, MaximumRetryAttempts: pointer(0), MaximumRecordAgeInSeconds: pointer(60),
			BisectBatchOnFunctionError: true, DestinationConfig: &Destinations{&Destination{testQueue}}}, ""},
		{EventSourceMapping{EventSourceARN: testStream}, "startingPosition"},
		{EventSourceMapping{EventSourceARN: testStream, StartingPosition: "AT_TIMESTAMP"}, "startingPosition"},
		{EventSourceMapping{EventSourceARN: testStream, StartingPosition: "LATEST", ScalingConfig: &ScalingConfig{2}}, "scalingConfig"},
		{EventSourceMapping{MaximumRetryAttempts: pointer(-2)}, "maximumRetryAttempts"},
		{EventSourceMapping{MaximumRecordAgeInSeconds: pointer(59)}, "maximumRecordAgeInSeconds"},
		{EventSourceMapping{ParallelizationFactor: 11}, "parallelizationFactor"},
		{EventSourceMapping{DestinationConfig: &Destinations{&Destination{testARN}}}, "destinationConfig.onFailure.destinationArn"},
		{EventSourceMapping{EventSourceARN: testQueue, BisectBatchOnFunctionError: true}, "bisectBatchOnFunctionError"},
		{EventSourceMapping{EventSourceARN: testQueue, StartingPosition: "LATEST"}, "startingPosition"},
		{EventSourceMapping{BatchSize: pointer(10001), MaximumBatchingWindowInSeconds: 1}, "batchSize"},
		{EventSourceMapping{MaximumBatchingWindowInSeconds: 301}, "maximumBatchingWindowInSeconds"},
		{EventSourceMapping{MaximumBatchingWindowInSeconds: -1}, "maximumBatchingWindowInSeconds"},
		{EventSourceMapping{FunctionResponseTypes: []string{"Report"}}, "functionResponseTypes"},
		{EventSourceMapping{ScalingConfig: &ScalingConfig{1}}, "scalingConfig.maximumConcurrency"},
		{EventSourceMapping{ScalingConfig: &ScalingConfig{1001}}, "scalingConfig.maximumConcurrency"},
	} {
		problems := checkEventSourceMapping(test.in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("%+v: problems %v, want %q", test.in, problems, test.want)
		}
	}
}

// fakeQueue is a queue without messages that allows some actions.
type fakeQueue struct {
	visibility time.Duration
	actions    []string
	failures   chan error // returned by Receive until it is closed; nil for none
}

func (q *fakeQueue) Receive(ctx context.Context, _ iam.Caller, _ string, _ int, _ time.Duration) ([]Message, error) {
	if q.failures != nil {
		if err, ok := <-q.failures; ok {
			return nil, err
		}
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (q *fakeQueue) Send(iam.Caller, string, string, map[string]string) error { return nil }

func (q *fakeQueue) Delete(iam.Caller, string, []string) error { return nil }

func (q *fakeQueue) Authorize(c iam.Caller, queueARN, action string) error {
	if queueARN != testQueue {
		return errors.New("QueueDoesNotExist: The specified queue does not exist.")
	}
	if !slices.Contains(q.actions, action) {
		return &iam.Denied{Caller: c.ARN, Request: iam.Request{Action: "sqs:" + action, Resource: queueARN}}
	}
	return nil
}

func (q *fakeQueue) VisibilityTimeout(string) (time.Duration, error) { return q.visibility, nil }

func TestCreateEventSourceMapping(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	in := declaration()
	in.Timeout = 10
	p.declare(t, in)
	queue := &fakeQueue{visibility: 10 * time.Second, actions: []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}}
	sources := NewEventSources(p.Functions, queue, nil, nil)
	t.Cleanup(func() { must(t, sources.Close(context.Background())) })
	kind := MappingType(sources)
	create := func(urn, function, queue string) (store.Record[EventSourceMapping], error) {
		in := EventSourceMapping{EventSourceARN: queue, FunctionName: function}
		r := store.Record[EventSourceMapping]{ID: kind.ID(provider.Call{URN: urn}, in), URN: urn, Account: testAccount, Region: testRegion, Inputs: in, State: map[string]string{}}
		return r, kind.Create(t.Context(), provider.Call{URN: urn}, &r)
	}
	refused := func(name, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	_, err := create("urn", "none", testQueue)
	refused("no function", "ResourceNotFoundException: Function not found: function none", err)
	_, err = create("urn", "f", testQueue+"2")
	refused("no queue", "InvalidParameterValueException: event source "+testQueue+"2: QueueDoesNotExist", err)
	_, err = create("urn", "f", strings.Replace(testQueue, testRegion, "us-east-1", 1))
	refused("another region", "InvalidParameterValueException: the event source is in region us-east-1", err)
	for i, action := range queue.actions {
		held := queue.actions
		queue.actions = slices.Delete(slices.Clone(held), i, i+1)
		_, err := create("urn", "f", testQueue)
		refused(action, "InvalidParameterValueException: The provided execution role does not have permissions to call "+action+" on SQS", err)
		queue.actions = held
	}
	queue.visibility = 9 * time.Second
	_, err = create("urn", "f", testQueue)
	refused("visibility", "InvalidParameterValueException: Queue visibility timeout: 9 seconds is less than Function timeout: 10 seconds", err)
	queue.visibility = 10 * time.Second

	r, err := create("urn", "f", testQueue)
	must(t, err)
	must(t, store.Put(p.db, EventSourceMappingToken, r.ID, r))
	if again, err := create("urn", testARN, testQueue); err != nil || again.ID != r.ID {
		t.Errorf("created again: %s after %s, %v", again.ID, r.ID, err)
	}
	_, err = create("urn2", testARN, testQueue)
	refused("twice", `ResourceConflictException: An event source mapping with SQS arn (" `+testQueue+` ") and function (" f ") already exists. Please update or delete the existing mapping with UUID `+r.ID, err)

	want := EventSourceMappingOutputs{
		ARN: "arn:aws:lambda:eu-west-1:111111111111:event-source-mapping:" + r.ID, UUID: r.ID, FunctionARN: testARN,
		BatchSize: 10, Enabled: true, State: "Enabled", StateTransitionReason: "USER_INITIATED", LastModified: r.State["modified"],
	}
	if diff := cmp.Diff(want, kind.Describe(r)); diff != "" || want.LastModified == "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	r.Inputs.Enabled, r.Inputs.BatchSize = pointer(false), pointer(3)
	if out := kind.Describe(r); out.State != "Disabled" || out.Enabled || out.BatchSize != 3 {
		t.Errorf("described as %+v", out)
	}
	queue.visibility = 0
	refused("updated", "less than Function timeout", kind.Update(t.Context(), provider.Call{}, r, &r))
	must(t, kind.Delete(t.Context(), provider.Call{}, r))
	must(t, kind.Delete(t.Context(), provider.Call{}, r))
}

// TestReports checks that a repeated error of the queue is reported once.
func TestReports(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declare(t, declaration())
	queue := &fakeQueue{failures: make(chan error)}
	reported := make(chan string, 10)
	sources := NewEventSources(p.Functions, queue, nil, func(err error) { reported <- err.Error() })
	sources.pause = 0
	sources.poll(store.Record[EventSourceMapping]{ID: "1", Inputs: EventSourceMapping{EventSourceARN: testQueue, FunctionName: "f"}})
	for _, text := range []string{"a", "a", "b", "b", "", "b"} {
		if text == "" {
			queue.failures <- nil
		} else {
			queue.failures <- errors.New(text)
		}
	}
	queue.failures <- nil // the poller has reported the earlier errors by now
	close(queue.failures)
	must(t, sources.Close(t.Context()))
	close(reported)
	var got []string
	for text := range reported {
		got = append(got, strings.TrimPrefix(text, "queue q for function f: "))
	}
	if text := strings.Join(got, " "); text != "a b b" {
		t.Errorf("reported %q", text)
	}
}

func TestBatchDone(t *testing.T) {
	t.Parallel()
	b := batch{messages: []Message{{ID: "1", ReceiptHandle: "one"}, {ID: "2", ReceiptHandle: "two"}}}
	for _, test := range []struct{ answer, want string }{
		{``, "one two"},
		{`null`, "one two"},
		{`{}`, "one two"},
		{`{"batchItemFailures":null}`, "one two"},
		{`{"batchItemFailures":[]}`, "one two"},
		{`{"batchItemFailures":[],"other":1}`, "one two"},
		{`{"batchItemFailures":[{"itemIdentifier":"2"}]}`, "one"},
		{`{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"1"}]}`, ""},
		// An invalid answer fails the whole batch.
		{`{"batchItemFailures":[{"itemIdentifier":"3"}]}`, ""},
		{`{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":""}]}`, ""},
		{`{"batchItemFailures":[{"itemIdentifier":null}]}`, ""},
		{`{"batchItemFailures":[{"foo":"notvalid"}]}`, ""},
		{`{"batchItemFailures":[{"ItemIdentifier":"2"}]}`, ""},
		{`{"batchItemFailures":[{"itemIdentifier":2}]}`, ""},
		{`{"batchItemFailures":["2"]}`, ""},
		{`{"batchItemFailures":{}}`, ""},
		{`"done"`, ""},
		{`{"batchItemFailures":`, ""},
	} {
		if got := strings.Join(b.done([]byte(test.answer), true), " "); got != test.want {
			t.Errorf("%s: processed %q, want %q", test.answer, got, test.want)
		}
		if got := b.done([]byte(test.answer), false); len(got) != 2 {
			t.Errorf("%s of a function that reports nothing: processed %v", test.answer, got)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	in := EventSourceMapping{EventSourceARN: testQueue}
	var messages []Message
	for i := range 10 {
		messages = append(messages, Message{ID: fmt.Sprint(i), Body: strings.Repeat("<", 1<<20)})
	}
	batches := split(in, messages)
	var ids []string
	for _, b := range batches {
		var event events.SQSEvent
		if err := json.Unmarshal(b.event, &event); err != nil || len(b.event) > MaxRequestBytes || len(event.Records) != len(b.messages) {
			t.Errorf("an event of %d bytes with %d records: %v", len(b.event), len(event.Records), err)
		}
		for _, r := range event.Records {
			ids = append(ids, r.MessageId)
		}
	}
	if got := strings.Join(ids, ""); len(batches) != 2 || got != "0123456789" {
		t.Errorf("%d batches of %s", len(batches), got)
	}
}

// TestRecordedEvents compares events with recorded events of AWS. The file
// names its source and its license.
func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "sqs_events.json"))
	must(t, err)
	var recorded struct {
		Cases map[string]struct{ Content json.RawMessage }
	}
	must(t, json.Unmarshal(data, &recorded))
	text := func(dataType, value string) MessageAttribute {
		return MessageAttribute{DataType: dataType, StringValue: &value}
	}
	plain := Message{
		ID: "<uuid>", ReceiptHandle: "<receipt-handle>", Body: "<body>", MD5OfBody: "<md5-of-body>",
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": "timestamp", "SenderId": "sender-id", "ApproximateFirstReceiveTimestamp": "timestamp"},
	}
	full := plain
	full.MD5OfMessageAttributes = "d25a6aea97eb8f585bfa92d314504a92"
	full.MessageAttributes = map[string]MessageAttribute{"WeeksOn": text("Number", "6"), "Author": text("String", "John Grisham"), "Title": text("String", "The Whistler")}
	for name, test := range map[string]struct {
		window  int
		message Message
	}{
		"test_failing_lambda_retries_after_visibility_timeout": {0, plain},
		"test_sqs_event_source_mapping":                        {1, plain},
		"test_message_body_and_attributes_passed_correctly":    {0, full},
	} {
		var got, want any
		in := EventSourceMapping{EventSourceARN: "arn:<partition>:sqs:<region>:111111111111:<resource>", MaximumBatchingWindowInSeconds: test.window}
		must(t, json.Unmarshal(split(in, []Message{test.message})[0].event, &got))
		must(t, json.Unmarshal(recorded.Cases[name].Content, &want))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	binary := plain
	binary.MessageAttributes = map[string]MessageAttribute{"b": {DataType: "Binary", BinaryValue: []byte{0, 255}}}
	var event events.SQSEvent
	must(t, json.Unmarshal(split(EventSourceMapping{EventSourceARN: testQueue}, []Message{binary})[0].event, &event))
	if r := event.Records[0]; string(r.MessageAttributes["b"].BinaryValue) != "\x00\xff" || r.AWSRegion != testRegion || r.EventSourceARN != testQueue {
		t.Errorf("the event is read as %+v", event)
	}
}
