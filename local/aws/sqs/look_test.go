package sqs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// described returns the queues as text.
func (f *fixture) described(t *testing.T) string {
	t.Helper()
	all, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range all {
		lines = append(lines, fmt.Sprint(d.Name, " ", d.Waiting, d.InFlight, d.Delayed, " ", len(d.Sources)))
	}
	return strings.Join(lines, "; ")
}

// peeked returns the messages of a queue as text.
func (f *fixture) peeked(t *testing.T, name string, limit int) string {
	t.Helper()
	letters, _, err := f.Peek(arnOf(name), limit)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range letters {
		all = append(all, fmt.Sprint(l.Body, " ", l.State, " ", l.Receives))
	}
	return strings.Join(all, "; ")
}

// TestPeek checks that Peek returns messages in any state and changes none of
// them.
func TestPeek(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q", MessageRetentionSeconds: pointer(600)})
	f.say(t, url, "flies")
	f.wantReceived(t, "first", url, "flies")
	f.say(t, url, "waits")
	if _, err := f.all.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: pointer("later"), DelaySeconds: 60}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := f.peeked(t, "q", 10); got != "flies in flight 1; waits waiting 0; later delayed 0" {
			t.Errorf("there are %s", got)
		}
		if got := f.described(t); got != "q 1 1 1 0" {
			t.Errorf("the queues are %s", got)
		}
	}
	if letters, total, err := f.Peek(arnOf("q"), 1); err != nil || len(letters) != 1 || total != 3 || letters[0].Visible.Sub(f.clock.time()) != 30*time.Second {
		t.Errorf("one of them: %v of %d, %v", letters, total, err)
	}
	f.wantReceived(t, "after the looks", url, "waits")
	f.clock.move(60 * time.Second)
	if got := f.peeked(t, "q", 10); got != "flies waiting 1; waits waiting 1; later waiting 0" {
		t.Errorf("a minute later there are %s", got)
	}
	f.clock.move(600 * time.Second)
	if got := f.peeked(t, "q", 10) + f.described(t); got != "q 0 0 0 0" {
		t.Errorf("later there are %s", got)
	}
	if _, _, err := f.Peek(arnOf("none"), 1); err == nil || !strings.Contains(err.Error(), "QueueDoesNotExist") {
		t.Errorf("a queue that is not there: %v", err)
	}
}

// deadLetters declares a queue and its dead-letter queue, and moves messages to
// the latter.
func (f *fixture) deadLetters(t *testing.T, bodies ...string) (url, dead *string) {
	t.Helper()
	dead = f.declare(t, Queue{Name: "dead"})
	url = f.declare(t, Queue{Name: "q", VisibilityTimeoutSeconds: pointer(1), RedrivePolicy: `{"deadLetterTargetArn":"` + arnOf("dead") + `","maxReceiveCount":1}`})
	f.say(t, url, bodies...)
	for range 2 {
		f.receiveAll(t, url)
		f.clock.move(2 * time.Second)
	}
	return url, dead
}

// TestRedriveBack checks that Redrive moves dead letters back to their source
// queue as new messages. It leaves messages whose source is unknown and
// messages in flight.
func TestRedriveBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url, dead := f.deadLetters(t, "a", "b", "c")
	if got := f.described(t); got != "dead 3 0 0 1; q 0 0 0 0" {
		t.Fatalf("the queues are %s", got)
	}
	before, _, err := f.Peek(arnOf("dead"), 10)
	if err != nil || before[0].Source != arnOf("q") {
		t.Fatalf("dead letters %v, %v", before, err)
	}
	handles := f.wantReceived(t, "a dead letter", dead, "a b c")
	for _, handle := range handles[1:] {
		if _, err := f.all.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: dead, ReceiptHandle: &handle}); err != nil {
			t.Fatal(err)
		}
	}
	f.say(t, dead, "sent here")
	moved, stayed, err := f.Queues.Redrive(t.Context(), arnOf("dead"))
	if err != nil || moved[arnOf("q")] != 2 || stayed != 1 {
		t.Errorf("moved %v, %d stayed, %v", moved, stayed, err)
	}
	if got := f.peeked(t, "dead", 10); got != "a in flight 2; sent here waiting 0" {
		t.Errorf("in the dead-letter queue are %s", got)
	}
	after, _, err := f.Peek(arnOf("q"), 10)
	if err != nil || len(after) != 2 || after[0].Body != "b" || after[0].Receives != 0 || after[0].Source != "" || after[0].ID == before[1].ID || !after[0].Sent.Equal(f.clock.time()) {
		t.Errorf("in the queue are %v, %v", after, err)
	}
	f.wantReceived(t, "a message that is back", url, "b c")
	f.clock.move(2 * time.Second)
	f.wantReceived(t, "received too often again", url, "")
	if got := f.described(t); got != "dead 3 1 0 1; q 0 0 0 0" {
		t.Errorf("the queues are %s", got)
	}
	if _, _, err := f.Queues.Redrive(t.Context(), arnOf("q")); err == nil || !strings.Contains(err.Error(), "must be configured as a Dead Letter Queue") {
		t.Errorf("a queue that is no dead-letter queue: %v", err)
	}
}

// TestRedriveWhole checks that each transaction of Redrive holds both sides of
// a move, so that a kill neither loses nor duplicates a message.
func TestRedriveWhole(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	f.deadLetters(t)
	var want []string
	var letters []message
	for i := range 3 * redriveBatch / 2 {
		want = append(want, fmt.Sprint(i))
		letters = append(letters, message{Body: fmt.Sprint(i), Source: arnOf("q")})
	}
	if _, err := f.send(account+"/dead", letters, make([]time.Duration, len(letters))); err != nil {
		t.Fatal(err)
	}
	// What a cloud reads at its start if it is killed now.
	kept := func(name string) {
		t.Helper()
		all, err := f.journal.load()
		var got []string
		for _, messages := range all {
			for _, m := range messages {
				got = append(got, m.Body)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d messages are kept, want each of %d once, %v", name, len(got), len(want), err)
		}
	}
	kept("before")
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				kept("meanwhile")
			}
		}
	}()
	moved, stayed, err := f.Queues.Redrive(t.Context(), arnOf("dead"))
	close(stop)
	<-done
	if err != nil || moved[arnOf("q")] != len(want) || stayed != 0 {
		t.Errorf("moved %v, %d stayed, %v", moved, stayed, err)
	}
	kept("after")
}
