package sns

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"skiff/local/aws/lambda"
)

// TestPublish checks the notification that a queue and a function get, and the
// raw message of a queue with raw delivery.
func TestPublish(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.subscribe(Subscription{Protocol: "sqs", Endpoint: queueARN})
	f.subscribe(Subscription{Protocol: "lambda", Endpoint: functionARN})
	f.subscribe(Subscription{Protocol: "email", Endpoint: "ops@example.com"})
	id := f.publish(sdk.PublishInput{Message: aws.String("hello & <you>"), Subject: aws.String("Hi"), MessageAttributes: attributes()})
	m := f.messages(queueARN)
	var n map[string]any
	if len(m) != 1 || json.Unmarshal([]byte(m[0].Body), &n) != nil {
		t.Fatalf("the queue has %+v", m)
	}
	attribute := n["MessageAttributes"].(map[string]any)["total"].(map[string]any)
	if n["Type"] != "Notification" || n["MessageId"] != id || n["TopicArn"] != alarmsARN || n["Message"] != "hello & <you>" || n["Subject"] != "Hi" ||
		n["Timestamp"] != "2026-01-01T10:00:00.000Z" || attribute["Type"] != "Number" || attribute["Value"] != "11" || m[0].Attributes["SenderId"] != service {
		t.Errorf("the queue has %s", m[0].Body)
	}
	prefix := service + " " + alarmsARN + " " + functionARN + " "
	var e struct {
		Records []struct {
			EventSource, EventVersion, EventSubscriptionArn string
			Sns                                             map[string]any
		}
	}
	if len(f.got) != 1 || !strings.HasPrefix(f.got[0], prefix) || json.Unmarshal([]byte(f.got[0][len(prefix):]), &e) != nil || len(e.Records) != 1 {
		t.Fatalf("the function got %v", f.got)
	}
	if r := e.Records[0]; r.EventSource != "aws:sns" || r.EventVersion != "1.0" || r.EventSubscriptionArn != alarmsARN+":lambda" || r.Sns["Message"] != "hello & <you>" || r.Sns["SigningCertUrl"] == nil {
		t.Errorf("the function got %s", f.got[0])
	}
	f.subscribe(Subscription{Protocol: "sqs", Endpoint: queueARN, RawMessageDelivery: true})
	f.publish(sdk.PublishInput{Message: aws.String(`{"default":"all","sqs":"for queues"}`), MessageStructure: aws.String("json"), MessageAttributes: attributes()})
	if m = f.messages(queueARN); len(m) != 1 || m[0].Body != "for queues" || len(m[0].MessageAttributes) != 0 {
		t.Errorf("by protocol: %+v", m)
	}
	f.publish(sdk.PublishInput{Message: aws.String("x"), MessageAttributes: attributes()})
	m = f.messages(queueARN)
	if len(m) != 1 || m[0].Body != "x" || len(m[0].MessageAttributes) != 4 || *m[0].MessageAttributes["kind"].StringValue != "order" || string(m[0].MessageAttributes["key"].BinaryValue) != "\x01\x02" {
		t.Errorf("as it is: %+v", m)
	}
}

// TestFilterPolicy checks that a subscription gets only what its policy
// matches, by attributes or by body.
func TestFilterPolicy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, test := range []struct {
		policy, scope, message string
		want                   int
	}{
		{`{"kind":["order"],"total":[{"numeric":[">",10]}]}`, "", "x", 1},
		{`{"kind":["order"],"total":[{"numeric":["<",10]}]}`, "", "x", 0},
		{`{"tags":["b"]}`, "MessageAttributes", "x", 1},
		{`{"tags":["c"]}`, "MessageAttributes", "x", 0},
		{`{"none":[{"exists":false}]}`, "", "x", 1},
		{`{"a":{"b":["c"]}}`, "MessageBody", `{"a":{"b":"c"}}`, 1},
		{`{"a":{"b":["c"]}}`, "MessageBody", `{"a":{"b":"d"}}`, 0},
		{`{"kind":["order"]}`, "MessageBody", `plain`, 0},
		{`{}`, "", "x", 1},
	} {
		f.subscribe(Subscription{Protocol: "sqs", Endpoint: queueARN, FilterPolicy: test.policy, FilterPolicyScope: test.scope})
		f.publish(sdk.PublishInput{Message: &test.message, MessageAttributes: attributes()})
		if got := len(f.messages(queueARN)); got != test.want {
			t.Errorf("%s %s: %d messages, want %d", test.policy, test.message, got, test.want)
		}
	}
}

// TestUndelivered checks that a refused message goes to the dead-letter queue
// or is reported. A message that could not be stored is not acknowledged.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.queue("q", otherSNS)
	f.subscribe(Subscription{Protocol: "sqs", Endpoint: queueARN})
	f.publish(sdk.PublishInput{Message: aws.String("x")})
	if len(f.messages(queueARN)) != 0 || !strings.Contains(f.reports(), "topic alarms: "+queueARN+": a message is dropped") {
		t.Errorf("a queue that lets another topic send; reported %s", f.reports())
	}
	f.subscribe(Subscription{Protocol: "lambda", Endpoint: functionARN, RedrivePolicy: `{"deadLetterTargetArn":"` + deadARN + `"}`})
	f.refuses = lambda.ErrNoPermission
	f.publish(sdk.PublishInput{Message: aws.String("kept")})
	if m := f.messages(deadARN); len(m) != 1 || !strings.Contains(m[0].Body, `"Message":"kept"`) {
		t.Errorf("the dead letters are %+v", m)
	}
	f.refuses = errors.New("the disk is full")
	_, err := f.client.Publish(t.Context(), &sdk.PublishInput{TopicArn: aws.String(alarmsARN), Message: aws.String("x")})
	wantCode(t, "not kept", err, "InternalFailure")
}

func wantCode(t *testing.T, name string, err error, code string) {
	t.Helper()
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != code {
		t.Errorf("%s: %v, want %s", name, err, code)
	}
}

// TestPublishRefusals checks the codes of refused calls.
func TestPublishRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	publish := func(change func(*sdk.PublishInput)) error {
		in := &sdk.PublishInput{TopicArn: aws.String(alarmsARN), Message: aws.String("x")}
		change(in)
		_, err := f.client.Publish(t.Context(), in)
		return err
	}
	for name, test := range map[string]struct {
		change func(*sdk.PublishInput)
		code   string
	}{
		"empty":     {func(in *sdk.PublishInput) { in.Message = aws.String("") }, "InvalidParameter"},
		"too long":  {func(in *sdk.PublishInput) { in.Message = aws.String(strings.Repeat("x", 256<<10+1)) }, "InvalidParameter"},
		"a subject": {func(in *sdk.PublishInput) { in.Subject = aws.String("a\nb") }, "InvalidParameter"},
		"no topic":  {func(in *sdk.PublishInput) { in.TopicArn = nil }, "InvalidParameter"},
		"no ARN":    {func(in *sdk.PublishInput) { in.TopicArn = aws.String("alarms") }, "InvalidParameter"},
		"a phone":   {func(in *sdk.PublishInput) { in.PhoneNumber = aws.String("+1") }, "InvalidParameter"},
		"no default": {func(in *sdk.PublishInput) {
			in.Message, in.MessageStructure = aws.String(`{"sqs":"x"}`), aws.String("json")
		}, "InvalidParameter"},
		"another structure": {func(in *sdk.PublishInput) { in.MessageStructure = aws.String("xml") }, "InvalidParameter"},
		"missing":           {func(in *sdk.PublishInput) { in.TopicArn = aws.String(alarmsARN + "2") }, "NotFound"},
		"a type": {func(in *sdk.PublishInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{"a": {DataType: aws.String("Text"), StringValue: aws.String("x")}}
		}, "ParameterValueInvalid"},
		"no number": {func(in *sdk.PublishInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{"a": {DataType: aws.String("Number"), StringValue: aws.String("x")}}
		}, "ParameterValueInvalid"},
	} {
		wantCode(t, name, publish(test.change), test.code)
	}
	_, err := f.client.ListTopics(t.Context(), &sdk.ListTopicsInput{})
	wantCode(t, "another operation", err, "InvalidAction")
	f.allow("sns:Subscribe")
	wantCode(t, "without the right", publish(func(*sdk.PublishInput) {}), "AuthorizationError")
	wantCode(t, "missing, without the right", publish(func(in *sdk.PublishInput) { in.TopicArn = aws.String(alarmsARN + "2") }), "AuthorizationError")
	f.topic(defaultPolicy(alarmsARN, owner))
	wantCode(t, "by the default policy", publish(func(*sdk.PublishInput) {}), "AuthorizationError")
	f.topic(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + owner + `:role/r"},"Action":"sns:Publish","Resource":"` + alarmsARN + `"}}`)
	must(t, publish(func(*sdk.PublishInput) {}))
}

// TestPublishBatch checks that entries fail one by one, and that the ids and
// the size can fail the whole batch.
func TestPublishBatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.subscribe(Subscription{Protocol: "sqs", Endpoint: queueARN, RawMessageDelivery: true})
	batch := func(entries ...types.PublishBatchRequestEntry) (*sdk.PublishBatchOutput, error) {
		return f.client.PublishBatch(t.Context(), &sdk.PublishBatchInput{TopicArn: aws.String(alarmsARN), PublishBatchRequestEntries: append([]types.PublishBatchRequestEntry{}, entries...)})
	}
	entry := func(id, text string) types.PublishBatchRequestEntry {
		return types.PublishBatchRequestEntry{Id: &id, Message: &text}
	}
	out, err := batch(entry("a", "one"), entry("b", ""), entry("c", "two"))
	if err != nil || len(out.Successful) != 2 || *out.Successful[1].Id != "c" || out.Successful[1].MessageId == nil || len(out.Failed) != 1 || *out.Failed[0].Id != "b" || *out.Failed[0].Code != "InvalidParameter" {
		t.Errorf("%+v, %v", out, err)
	}
	if m := f.messages(queueARN); len(m) != 2 || m[0].Body != "one" || m[1].Body != "two" {
		t.Errorf("the queue has %+v", m)
	}
	half := strings.Repeat("x", 128<<10)
	for code, entries := range map[string][]types.PublishBatchRequestEntry{
		"EmptyBatchRequest": {}, "BatchEntryIdsNotDistinct": {entry("a", "x"), entry("a", "y")}, "InvalidBatchEntryId": {entry("a b", "x")},
		"BatchRequestTooLong": {entry("a", half), entry("b", half+"x")}, "TooManyEntriesInBatchRequest": make([]types.PublishBatchRequestEntry, 0),
	} {
		if code == "TooManyEntriesInBatchRequest" {
			for n := range 11 {
				entries = append(entries, entry(fmt.Sprint(n), "x"))
			}
		}
		_, err := batch(entries...)
		wantCode(t, code, err, code)
	}
}
