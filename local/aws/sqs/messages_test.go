package sqs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"skiff/local/store"
)

func TestVisibility(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	change := func(handle string, seconds int32) error {
		_, err := f.role.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: &handle, VisibilityTimeout: seconds})
		return err
	}
	remove := func(handle string) error {
		_, err := f.role.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: &handle})
		return err
	}
	f.say(t, url, "a")
	first := f.wantReceived(t, "first", url, "a")[0]
	f.wantReceived(t, "hidden", url, "")
	f.clock.move(30*time.Second - 1)
	f.wantReceived(t, "still hidden", url, "")
	f.clock.move(1)
	wantError(t, "no longer in flight", change(first, 10), "AWS.SimpleQueueService.MessageNotInflight")
	second := f.wantReceived(t, "second", url, "a")[0]
	wantError(t, "older receipt", change(first, 0), "InvalidParameterValue Value "+first+" for parameter ReceiptHandle is invalid. Reason: Message does not exist")
	wantError(t, "delete by an older receipt", remove(first), "")
	wantError(t, "longer", change(second, 40), "")
	f.clock.move(39 * time.Second)
	f.wantReceived(t, "hidden for longer", url, "")
	wantError(t, "too long", change(second, 43200), "InvalidParameterValue Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	wantError(t, "out of range", change(second, 43201), "InvalidParameterValue Value 43201 for parameter VisibilityTimeout is invalid.")
	wantError(t, "at once", change(second, 0), "")
	third := f.wantReceived(t, "shown at once", url, "a")[0]
	wantError(t, "delete", remove(third), "")
	wantError(t, "delete again", remove(third), "")
	wantError(t, "delete with an invalid handle", remove("eA=="), `ReceiptHandleIsInvalid The input receipt handle "eA==" is not a valid receipt handle.`)
	wantError(t, "change with an invalid handle", change("x", 0), "ReceiptHandleIsInvalid")
	other := f.declare(t, Queue{Name: "other"})
	_, err := f.role.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: other, ReceiptHandle: &third})
	wantError(t, "another queue's handle", err, "ReceiptHandleIsInvalid")
	f.clock.move(time.Hour)
	f.wantReceived(t, "gone", url, "")
}

// TestVisibilityBatch checks that a batch changes the valid entries and returns
// an error for each of the others.
func TestVisibilityBatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	f.say(t, url, "a")
	f.say(t, url, "b")
	handles := f.wantReceived(t, "both", url, "a b")
	change := func(entries ...types.ChangeMessageVisibilityBatchRequestEntry) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
		return f.role.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: entries})
	}
	entry := func(id, handle string, seconds int32) types.ChangeMessageVisibilityBatchRequestEntry {
		return types.ChangeMessageVisibilityBatchRequestEntry{Id: &id, ReceiptHandle: &handle, VisibilityTimeout: seconds}
	}
	out, err := change(entry("one", handles[0], 0), entry("two", handles[1], 43201), entry("three", "x", 1))
	if err != nil || len(out.Successful) != 1 || *out.Successful[0].Id != "one" || len(out.Failed) != 2 {
		t.Fatalf("changed %+v, %v", out, err)
	}
	for i, want := range []string{"two InvalidParameterValue", "three ReceiptHandleIsInvalid"} {
		if got := *out.Failed[i].Id + " " + *out.Failed[i].Code; got != want || !out.Failed[i].SenderFault {
			t.Errorf("failed %s, want %s", got, want)
		}
	}
	f.wantReceived(t, "shown at once", url, "a")
	_, err = change(entry("one", handles[1], 0), entry("one", handles[1], 0))
	wantError(t, "ids", err, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
	_, err = change([]types.ChangeMessageVisibilityBatchRequestEntry{}...) // not nil: the SDK refuses nil
	wantError(t, "none", err, "AWS.SimpleQueueService.EmptyBatchRequest")
}

func TestReceiveLimits(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	for i := range 12 {
		f.say(t, url, fmt.Sprint(i))
	}
	one, err := f.role.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, VisibilityTimeout: 5})
	if err != nil || len(one.Messages) != 1 || *one.Messages[0].Body != "0" || one.Messages[0].Attributes != nil {
		t.Errorf("received %+v, %v", one, err)
	}
	f.wantReceived(t, "ten", url, "1 2 3 4 5 6 7 8 9 10")
	f.clock.move(5 * time.Second)
	f.wantReceived(t, "its own visibility over", url, "0 11")
	for _, in := range []sqs.ReceiveMessageInput{{MaxNumberOfMessages: 11}, {MaxNumberOfMessages: -1}, {WaitTimeSeconds: 21}, {WaitTimeSeconds: -1}, {VisibilityTimeout: 43201}} {
		in.QueueUrl = url
		_, err := f.role.ReceiveMessage(t.Context(), &in)
		wantError(t, fmt.Sprintf("%+v", in), err, "InvalidParameterValue Value ")
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q", DelaySeconds: 5})
	f.say(t, url, "later")
	if _, err := f.all.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("much later"), DelaySeconds: 60}); err != nil {
		t.Fatal(err)
	}
	f.wantReceived(t, "at first", url, "")
	f.clock.move(5 * time.Second)
	f.wantReceived(t, "after the queue's delay", url, "later")
	f.clock.move(54 * time.Second)
	f.wantReceived(t, "before its own delay", url, "later")
	f.clock.move(time.Second)
	f.wantReceived(t, "after its own delay", url, "much later")
}

// TestRedrive checks that a message with too many receives goes to the
// dead-letter queue, and that it keeps its age and its receive count.
func TestRedrive(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	dead := f.declare(t, Queue{Name: "dead", MessageRetentionSeconds: pointer(120)})
	url := f.declare(t, Queue{Name: "q", RedrivePolicy: redriveTo("dead", 2), VisibilityTimeoutSeconds: pointer(10)})
	f.say(t, url, "bad")
	for range 2 {
		f.wantReceived(t, "alive", url, "bad")
		f.clock.move(10 * time.Second)
	}
	f.say(t, url, "good")
	// A message that moves to the dead-letter queue does not use up the limit.
	out, err := f.all.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url})
	if err != nil || len(out.Messages) != 1 || *out.Messages[0].Body != "good" {
		t.Errorf("received %+v, %v", out, err)
	}
	got, err := f.all.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: dead, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != "bad" {
		t.Fatalf("the dead-letter queue has %+v, %v", got, err)
	}
	a := got.Messages[0].Attributes
	if a["DeadLetterQueueSourceArn"] != arnOf("q") || a["ApproximateReceiveCount"] != "3" || a["SentTimestamp"] != "1700000000000" {
		t.Errorf("its attributes are %v", a)
	}
	f.clock.move(100 * time.Second)
	f.wantReceived(t, "too old by its first send", dead, "")

	// Without a dead-letter queue, the message stays in its queue.
	f.drop(t, *dead)
	f.clock.move(time.Hour)
	for range 3 {
		f.wantReceived(t, "without a dead-letter queue", url, "good")
		f.clock.move(10 * time.Second)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q", MessageRetentionSeconds: pointer(60)})
	f.say(t, url, "old")
	f.clock.move(30 * time.Second)
	f.say(t, url, "new")
	f.clock.move(30 * time.Second)
	f.wantReceived(t, "after a minute", url, "new")
	if all, err := f.journal.load(); err != nil || len(all[keyOf(*url)]) != 1 {
		t.Errorf("kept %v, %v", all, err)
	}
}

// TestLongPoll checks that a waiting receive returns at once when a message is
// sent, becomes visible or is released.
func TestLongPoll(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	f.Queues.now = time.Now
	url := f.declare(t, Queue{Name: "q", ReceiveWaitTimeSeconds: 20, VisibilityTimeoutSeconds: pointer(1)})
	received := make(chan string, 1)
	listen := func() {
		go func() {
			bodies, _ := f.receiveAll(t, url)
			received <- bodies
		}()
	}
	want := func(name, body string) {
		t.Helper()
		select {
		case got := <-received:
			if got != body {
				t.Errorf("%s: %q, want %q", name, got, body)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: nothing", name)
		}
	}
	listen()
	f.say(t, url, "sent")
	want("sent", "sent")
	listen()
	want("appeared again after a second", "sent")

	out, err := f.all.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, VisibilityTimeout: 600})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("received %+v, %v", out, err)
	}
	listen()
	if _, err := f.all.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: out.Messages[0].ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	want("released", "sent")

	// A canceled receive takes no message.
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := f.receive(ctx, "111111111111/none", 1, nil, time.Minute)
		if !isGone(err) {
			t.Errorf("from no queue: %v", err)
		}
		_, err = f.receive(ctx, keyOf(*f.declare(t, Queue{Name: "quiet"})), 1, nil, time.Minute)
		gone <- err
	}()
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client that disconnected got %v", err)
	}
}

func isGone(err error) bool {
	bad, ok := asError(err)
	return ok && bad.Code == "QueueDoesNotExist"
}

// TestDeletedQueue checks that deleting a queue ends a waiting receive with an
// error. A new queue of the same name is empty.
func TestDeletedQueue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	f.say(t, url, "old")
	f.drop(t, *url)
	if all, err := f.journal.load(); err != nil || len(all) > 0 {
		t.Errorf("kept %v, %v", all, err)
	}
	if _, err := f.peek(*url); !isGone(err) {
		t.Errorf("received of a deleted queue: %v", err)
	}
	f.declare(t, Queue{Name: "q"})
	f.wantReceived(t, "the next of its name", url, "")

	// A kill between the two writes of a delete leaves messages behind.
	f.say(t, url, "left")
	if err := store.Delete(f.db, Token, keyOf(*url)); err != nil {
		t.Fatal(err)
	}
	f.declare(t, Queue{Name: "q"})
	f.wantReceived(t, "after a kill", url, "")

	f.say(t, url, "kept")
	f.declare(t, Queue{Name: "q"}) // the engine repeats the create
	f.wantReceived(t, "created again", url, "kept")
}

func (f *fixture) peek(url string) ([]message, error) {
	return f.receive(context.Background(), keyOf(url), 1, nil, 0)
}
