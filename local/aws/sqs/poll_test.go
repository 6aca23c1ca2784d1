package sqs

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// TestPolled checks that a mapping receives with its function's rights and gets
// all attributes.
func TestPolled(t *testing.T) {
	t.Parallel()
	f := newFixture(t, `{"Statement":{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage"],"Resource":"`+arnOf("q")+`"}}`)
	url := f.declare(t, Queue{Name: "q", VisibilityTimeoutSeconds: pointer(7)})
	f.declare(t, Queue{Name: "other"})
	caller := iam.Session("arn:aws:iam::"+account+":role/r", "f")
	for i := range 15 {
		f.say(t, url, fmt.Sprint(i))
	}
	got, err := f.Receive(t.Context(), caller, arnOf("q"), 100, 0)
	if err != nil || len(got) != 15 || got[0].Attributes["ApproximateReceiveCount"] != "1" || got[0].MD5OfBody != "cfcd208495d565ef66e7dff9f98764da" {
		t.Fatalf("received %+v, %v", got, err)
	}
	var handles []string
	for _, m := range got[:14] {
		handles = append(handles, m.ReceiptHandle)
	}
	if err := f.Delete(caller, arnOf("q"), handles); err != nil {
		t.Error(err)
	}
	if d, err := f.VisibilityTimeout(arnOf("q")); err != nil || d != 7*time.Second {
		t.Errorf("visibility timeout %v, %v", d, err)
	}
	f.clock.move(7 * time.Second)
	f.wantReceived(t, "not deleted", url, "14")
	var polled lambda.Queue = f.Queues
	for name, err := range map[string]error{
		"another action": polled.Authorize(caller, arnOf("q"), "GetQueueAttributes"),
		"another queue":  polled.Authorize(caller, arnOf("other"), "ReceiveMessage"),
		"delete there":   polled.Delete(caller, arnOf("other"), handles),
	} {
		if _, denied := errors.AsType[*iam.Denied](err); !denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := polled.Authorize(caller, arnOf("none"), "ReceiveMessage"); !isGone(err) {
		t.Errorf("no queue: %v", err)
	}
	if _, err := polled.VisibilityTimeout(arnOf("none")); !isGone(err) {
		t.Errorf("the timeout of a missing queue: %v", err)
	}
	if err := polled.Delete(caller, arnOf("q"), []string{"x"}); err == nil {
		t.Error("deleted with an invalid handle")
	}
}
