package sqs

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"skiff/local/store"
)

func TestSendAndReceive(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	attributes := map[string]types.MessageAttributeValue{
		"timestamp": {DataType: aws.String("Number"), StringValue: aws.String("1493147359900")},
		"trace.id":  {DataType: aws.String("String.uuid"), StringValue: aws.String("é")},
		"raw":       {DataType: aws.String("Binary"), BinaryValue: []byte{0, 255}},
	}
	sent, err := f.role.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: aws.String("hello <é>\n"), MessageAttributes: attributes, MessageGroupId: aws.String("tenant"),
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.clock.move(time.Second)
	// The SDK client checks the digest of the body.
	out, err := f.role.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("received %+v, %v", out, err)
	}
	m := out.Messages[0]
	sender := m.Attributes["SenderId"]
	if !strings.HasPrefix(sender, "AROA") || !strings.HasSuffix(sender, ":f") {
		t.Errorf("the sender is %q", sender)
	}
	delete(m.Attributes, "SenderId")
	want := map[string]string{"ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "1700000001000", "SentTimestamp": "1700000000000", "AWSTraceHeader": "Root=1", "MessageGroupId": "tenant"}
	if diff := cmp.Diff(want, m.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(attributes, m.MessageAttributes, cmpopts.IgnoreUnexported(types.MessageAttributeValue{})); diff != "" {
		t.Errorf("message attributes (-want +got):\n%s", diff)
	}
	if *m.Body != "hello <é>\n" || *m.MessageId != *sent.MessageId || *m.MD5OfMessageAttributes != *sent.MD5OfMessageAttributes || sent.MD5OfMessageSystemAttributes == nil {
		t.Errorf("sent %+v, received %+v", sent, m)
	}
	if _, err := f.role.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		t.Error(err)
	}
	f.clock.move(time.Hour)
	f.wantReceived(t, "after the delete", url, "")
}

// TestAttributeDigest: LocalStack recorded the first digest from AWS
// (localstack/localstack, tests/aws/services/lambda_/event_source_mapping,
// Apache-2.0). The others are Amazon's samples as the tests of ydb use them
// (ydb-platform/ydb, ydb/core/ymq, Apache-2.0).
func TestAttributeDigest(t *testing.T) {
	t.Parallel()
	value := func(dataType, text string) attributeValue {
		return attributeValue{DataType: dataType, StringValue: &text}
	}
	for want, attributes := range map[string]map[string]attributeValue{
		"d25a6aea97eb8f585bfa92d314504a92": {"Title": value("String", "The Whistler"), "Author": value("String", "John Grisham"), "WeeksOn": value("Number", "6")},
		"d53f3b558fe951154770f25cb63dbba9": {"test_attribute_name_2": value("String", "test_attribute_value_2"), "test_attribute_name_1": value("String", "test_attribute_value_1")},
		"23f6bd27ea87aab7dfeadcc9aebee495": {"test_attribute_name": {DataType: "Binary", BinaryValue: []byte("test_attribute_value")}},
		"":                                 {},
	} {
		if got := attributesMD5(attributes); got != want {
			t.Errorf("%v: digest %s, want %s", attributes, got, want)
		}
	}
}

func TestAskedAttributes(t *testing.T) {
	t.Parallel()
	all := map[string]attributeValue{"a": {}, "a.b": {}, "ab": {}, "c": {}}
	for _, test := range []struct {
		asked []string
		want  int
	}{{nil, 0}, {[]string{"a"}, 1}, {[]string{"a.*"}, 1}, {[]string{"a*"}, 3}, {[]string{".*"}, 4}, {[]string{"All"}, 4}, {[]string{"x", "a", "c"}, 2}} {
		if got := selected(all, test.asked); len(got) != test.want {
			t.Errorf("%v: %d attributes, want %d", test.asked, len(got), test.want)
		}
	}
	m := message{Receives: 2, Source: "arn"}
	if got := m.system([]string{"ApproximateReceiveCount", "DeadLetterQueueSourceArn"}); len(got) != 2 || got["ApproximateReceiveCount"] != "2" || got["DeadLetterQueueSourceArn"] != "arn" || m.system(nil) != nil {
		t.Errorf("system attributes %v", got)
	}
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	own := `{"Statement":{"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage","sqs:GetQueueUrl"],"Resource":["` + arnOf("own") + `","` + arnOf("guarded") + `","` + arnOf("none") + `","arn:aws:sqs:*:222222222222:*"]}}`
	f := newFixture(t, own)
	url, other := f.declare(t, Queue{Name: "own"}), f.declare(t, Queue{Name: "other"})
	const deny = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"%"}}}]}`
	guarded := f.declare(t, Queue{Name: "guarded", Policy: strings.Replace(deny, "%", "true", 1)})
	f.declare(t, Queue{Name: "tls", Policy: `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:role/r"},"Action":"sqs:SendMessage","Resource":"` + arnOf("tls") + `"},` +
		strings.Replace(deny, "%", "false", 1)[len(`{"Statement":[`):]})
	foreign, err := f.create(t, "222222222222", Queue{Name: "own"})
	if err != nil {
		t.Fatal(err)
	}
	send := func(c *sqs.Client, url string) error {
		_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
		return err
	}
	denied := func(action, on string) string {
		return "AccessDenied User: arn:aws:sts::111111111111:assumed-role/r/f is not authorized to perform: sqs:" + action + " on resource: " + on
	}
	const missing = "AWS.SimpleQueueService.NonExistentQueue The specified queue does not exist."
	wantError(t, "own", send(f.role, *url), "")
	wantError(t, "own at another host", send(f.role, "https://sqs.eu-west-1.amazonaws.com/111111111111/own"), "")
	wantError(t, "other", send(f.role, *other), denied("SendMessage", arnOf("other")+" because no identity-based policy"))
	wantError(t, "by the queue's own policy", send(f.role, base+"/111111111111/tls"), "")
	wantError(t, "denied by it", send(f.role, *guarded), denied("SendMessage", arnOf("guarded")+" with an explicit deny in a resource-based policy"))
	wantError(t, "another account's", send(f.role, foreign), denied("SendMessage", strings.Replace(arnOf("own"), account, "222222222222", 1)+" because no resource-based policy"))
	wantError(t, "missing", send(f.role, base+"/111111111111/none"), missing)
	wantError(t, "missing, without the right", send(f.role, base+"/111111111111/absent"), denied("SendMessage", arnOf("absent")))
	wantError(t, "administrator", send(f.all, foreign), "")
	wantError(t, "in another region", send(f.client(f.keys, "us-east-1"), *url), denied("SendMessage", strings.Replace(arnOf("own"), region, "us-east-1", 1)))
	wantError(t, "no queue's URL", send(f.role, "http://127.0.0.1/a b"), "InvalidAddress The address http://127.0.0.1/a b is not valid for this endpoint.")
	wantError(t, "empty URL", send(f.role, ""), "MissingParameter The request must contain the parameter QueueUrl.")
	_, err = f.role.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: url})
	wantError(t, "purge", err, denied("PurgeQueue", arnOf("own")))
	_, err = f.role.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: aws.String("x")})
	wantError(t, "delete", err, denied("DeleteMessage", arnOf("own")))
	_, err = f.role.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: aws.String("x")}}})
	wantError(t, "delete a batch", err, denied("DeleteMessage", arnOf("own")))
	_, err = f.role.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: aws.String("x")})
	wantError(t, "visibility", err, denied("ChangeMessageVisibility", arnOf("own")))
	_, err = f.role.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: url})
	wantError(t, "attributes", err, denied("GetQueueAttributes", arnOf("own")))
	_, err = f.role.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: other})
	wantError(t, "receive", err, denied("ReceiveMessage", arnOf("other")))
	_, err = f.role.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: other, Entries: []types.SendMessageBatchRequestEntry{{Id: aws.String("a"), MessageBody: aws.String("x")}}})
	wantError(t, "send a batch", err, denied("SendMessage", arnOf("other")))
	_, err = f.role.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	wantError(t, "another operation", err, `UnknownOperationException the local cloud does not know the operation "AmazonSQS.ListQueues"; it knows these operations of AmazonSQS: ChangeMessageVisibility, `)
}

func TestGetQueueURL(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	get := func(c *sqs.Client, name, owner string) (string, error) {
		in := &sqs.GetQueueUrlInput{QueueName: &name}
		if owner != "" {
			in.QueueOwnerAWSAccountId = &owner
		}
		out, err := c.GetQueueUrl(t.Context(), in)
		return aws.ToString(outURL(out)), err
	}
	for _, c := range []*sqs.Client{f.role, f.all} {
		if got, err := get(c, "q", ""); err != nil || got != *url {
			t.Errorf("the URL is %s, %v", got, err)
		}
	}
	_, err := get(f.role, "none", "")
	wantError(t, "missing", err, "AWS.SimpleQueueService.NonExistentQueue")
	_, err = get(f.all, "none", "")
	wantError(t, "missing for the administrator", err, "AWS.SimpleQueueService.NonExistentQueue")
	foreign, err := f.create(t, "222222222222", Queue{Name: "q"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = get(f.all, "q", "")
	wantError(t, "of several accounts", err, "InvalidParameterValue several accounts have the queue q: give QueueOwnerAWSAccountId")
	if got, err := get(f.all, "q", "222222222222"); err != nil || got != foreign {
		t.Errorf("the other's URL is %s, %v", got, err)
	}
}

func outURL(out *sqs.GetQueueUrlOutput) *string {
	if out == nil {
		return nil
	}
	return out.QueueUrl
}

func TestQueueAttributes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	f.declare(t, Queue{Name: "dead"})
	url := f.declare(t, Queue{Name: "q", RedrivePolicy: redriveTo("dead", 3), MessageRetentionSeconds: pointer(60)})
	get := func(names ...types.QueueAttributeName) (map[string]string, error) {
		out, err := f.role.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: names})
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	}
	f.say(t, url, "one", "two", "three")
	for range 3 {
		if _, err := f.all.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("late"), DelaySeconds: 10}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.all.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url}); err != nil {
		t.Fatal(err)
	}
	all, err := get("All")
	want := map[string]string{
		"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesDelayed": "3", "ApproximateNumberOfMessagesNotVisible": "1",
		"CreatedTimestamp": "1700000000", "LastModifiedTimestamp": "1700000000", "DelaySeconds": "0", "MaximumMessageSize": "262144", "MessageRetentionPeriod": "60",
		"QueueArn": arnOf("q"), "ReceiveMessageWaitTimeSeconds": "0", "RedrivePolicy": redriveTo("dead", 3), "SqsManagedSseEnabled": "true", "VisibilityTimeout": "30",
	}
	if diff := cmp.Diff(want, all); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if some, err := get("QueueArn", "Policy"); err != nil || len(some) != 1 || some["QueueArn"] != arnOf("q") {
		t.Errorf("some: %v, %v", some, err)
	}
	if none, err := get(); err != nil || len(none) != 0 {
		t.Errorf("none: %v, %v", none, err)
	}
	_, err = get("Size")
	wantError(t, "unknown", err, "InvalidAttributeName Unknown Attribute Size.")
	f.clock.move(time.Minute)
	if old, err := get("ApproximateNumberOfMessages"); err != nil || old["ApproximateNumberOfMessages"] != "0" {
		t.Errorf("past the retention: %v, %v", old, err)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	f.say(t, url, "one", "two")
	f.receiveAll(t, url)
	f.say(t, url, "three")
	purge := func() error {
		_, err := f.role.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: url})
		return err
	}
	wantError(t, "purge", purge(), "")
	wantError(t, "again", purge(), "AWS.SimpleQueueService.PurgeQueueInProgress Only one PurgeQueue operation on "+arnOf("q")+" is allowed every 60 seconds.")
	f.clock.move(time.Minute)
	f.wantReceived(t, "after the purge", url, "")
	wantError(t, "a minute later", purge(), "")
	all, err := f.journal.load()
	if err != nil || len(all[keyOf(*url)]) > 0 {
		t.Errorf("still kept: %v, %v", all, err)
	}
	if _, err := store.Get[Queue](f.db, Token, keyOf(*url)); err != nil {
		t.Error(err)
	}
}
