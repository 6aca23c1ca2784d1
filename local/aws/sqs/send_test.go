package sqs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q", MaxMessageSize: pointer(2048)})
	text := func(dataType, value string) map[string]types.MessageAttributeValue {
		return map[string]types.MessageAttributeValue{"a": {DataType: &dataType, StringValue: &value}}
	}
	named := func(name string) map[string]types.MessageAttributeValue {
		return map[string]types.MessageAttributeValue{name: text("String", "v")["a"]}
	}
	many := map[string]types.MessageAttributeValue{}
	for i := range 11 {
		many[fmt.Sprint("n", i)] = text("String", "v")["a"]
	}
	const value = "InvalidParameterValue "
	for _, test := range []struct {
		name string
		in   sqs.SendMessageInput
		want string
	}{
		{"largest", sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 2048))}, ""},
		{"largest delay", sqs.SendMessageInput{MessageBody: aws.String("x"), DelaySeconds: 900}, ""},
		{"too large", sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 2049))}, value + "One or more parameters are invalid. Reason: Message must be shorter than 2048 bytes."},
		{"largest with attributes", sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 2040)), MessageAttributes: text("String", "v")}, ""},
		{"too large with attributes", sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 2041)), MessageAttributes: text("String", "v")}, value + "One or more parameters"},
		{"empty", sqs.SendMessageInput{MessageBody: aws.String("")}, "MissingParameter The request must contain the parameter MessageBody."},
		{"control character", sqs.SendMessageInput{MessageBody: aws.String("a\x00")}, "InvalidMessageContents Invalid characters found: #x0"},
		{"no character", sqs.SendMessageInput{MessageBody: aws.String("a\uffff")}, "InvalidMessageContents Invalid characters found: #xFFFF"},
		{"long delay", sqs.SendMessageInput{MessageBody: aws.String("x"), DelaySeconds: 901}, value + "Value 901 for parameter DelaySeconds is invalid."},
		{"negative delay", sqs.SendMessageInput{MessageBody: aws.String("x"), DelaySeconds: -1}, value + "Value -1 for parameter DelaySeconds is invalid."},
		{"deduplication", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageDeduplicationId: aws.String("d")}, value + "Value d for parameter MessageDeduplicationId is invalid."},
		{"attributes", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: many}, value + "Number of message attributes [11] exceeds the allowed maximum [10]."},
		{"attribute's name", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: named("a..b")}, value + `The message attribute name "a..b" must`},
		{"attribute's long name", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: named(strings.Repeat("a", 257))}, value + "The message attribute name"},
		{"attribute of AWS", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: named("AWS.x")}, value + `The message attribute name "AWS.x" must not begin with`},
		{"type", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("Text", "v")}, value + "The message attribute 'a' has an invalid message attribute type"},
		{"no type", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("", "v")}, value + "The message attribute 'a' must contain non-empty message attribute type."},
		{"no value", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("String", "")}, value + "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'."},
		{"text as binary", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("Binary", "v")}, value + "The message attribute 'a' must contain non-empty message attribute value"},
		{"both values", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: aws.String("String"), StringValue: aws.String("s"), BinaryValue: []byte("b")}}}, value + "The message attribute 'a' has a value that does not fit"},
		{"value's character", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("String", "\x01")}, "InvalidMessageContents Invalid characters found: #x1"},
		{"number", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("Number.float", "-230.000000000000000001")}, ""},
		{"no number", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("Number", "six")}, value + "Can't cast the value of message (user) attribute 'a' to a number."},
		{"no number of a kind", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: text("Number.int", "0x10")}, value + "Can't cast the value"},
		{"list", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: aws.String("String"), StringValue: aws.String("s"), StringListValues: []string{"s"}}}}, "AWS.SimpleQueueService.UnsupportedOperation Message attribute list values"},
		{"system attribute", sqs.SendMessageInput{MessageBody: aws.String("x"), MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"Other": {DataType: aws.String("String"), StringValue: aws.String("s")}}}, value + "Message system attribute name 'Other' is invalid."},
	} {
		test.in.QueueUrl = url
		_, err := f.role.SendMessage(t.Context(), &test.in)
		wantError(t, test.name, err, test.want)
	}
}

// TestNumbers checks the precision and the range of a Number
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html).
func TestNumbers(t *testing.T) {
	t.Parallel()
	zeros := func(n int) string { return strings.Repeat("0", n) }
	for text, want := range map[string]bool{
		"0": true, "-0.0": true, "+1.5": true, "1.": true, ".5": true, "1e3": true,
		strings.Repeat("9", 38): true, strings.Repeat("9", 39): false, "1" + zeros(50): true,
		"1" + zeros(126): true, "1" + zeros(127): false, "1e126": true, "1e127": false,
		"0." + zeros(127) + "1": true, "0." + zeros(128) + "1": false,
		"": false, ".": false, "NaN": false, "Infinity": false, "1_000": false, "1,5": false, " 1": false, "0x1": false, "1e": false,
	} {
		if got := isNumber(text); got != want {
			t.Errorf("%q is a number: %t, want %t", text, got, want)
		}
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	send := func(entries ...types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
		return f.role.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: url, Entries: entries})
	}
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	var eleven, large []types.SendMessageBatchRequestEntry
	for i := range 11 {
		eleven = append(eleven, entry(fmt.Sprint(i), "x"))
	}
	for i := range 5 {
		large = append(large, entry(fmt.Sprint(i), strings.Repeat("x", 250000)))
	}
	for _, test := range []struct {
		name    string
		entries []types.SendMessageBatchRequestEntry
		want    string
	}{
		{"none", []types.SendMessageBatchRequestEntry{}, "AWS.SimpleQueueService.EmptyBatchRequest There should be at least one"},
		{"eleven", eleven, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest Maximum number of entries per request are 10. You have sent 11."},
		{"id", []types.SendMessageBatchRequestEntry{entry("a b", "x")}, "AWS.SimpleQueueService.InvalidBatchEntryId A batch entry id"},
		{"ids", []types.SendMessageBatchRequestEntry{entry("a", "x"), entry("a", "y")}, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct Id a repeated."},
		{"size", large, "AWS.SimpleQueueService.BatchRequestTooLong Batch requests cannot be longer than 1048576 bytes. You have sent 1250000 bytes."},
	} {
		_, err := send(test.entries...)
		wantError(t, test.name, err, test.want)
	}
	out, err := send(entry("a", "one"), entry("b", ""), entry("c", "two"))
	if err != nil || len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Id != "b" || *out.Failed[0].Code != "MissingParameter" || !out.Failed[0].SenderFault {
		t.Fatalf("sent %+v, %v", out, err)
	}
	handles := f.wantReceived(t, "the good entries", url, "one two")
	deleted, err := f.role.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("a"), ReceiptHandle: &handles[0]}, {Id: aws.String("b"), ReceiptHandle: aws.String("x")},
	}})
	if err != nil || len(deleted.Successful) != 1 || *deleted.Successful[0].Id != "a" || len(deleted.Failed) != 1 || *deleted.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Errorf("deleted %+v, %v", deleted, err)
	}
	_, err = f.role.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []types.DeleteMessageBatchRequestEntry{}})
	wantError(t, "no entry", err, "AWS.SimpleQueueService.EmptyBatchRequest")
	f.clock.move(30 * time.Second)
	f.wantReceived(t, "the one that is left", url, "two")
}
