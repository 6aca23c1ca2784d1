package inspect_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
)

// sqs returns an SQS client of the cloud, with a person's keys.
func (f *fixture) sqs() *sqs.Client {
	env := map[string]string{}
	for _, v := range f.Operator {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	return sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL_SQS"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"], SessionToken: env["AWS_SESSION_TOKEN"]}, nil
		}),
	})
}

// TestQueues lists waiting messages and dead letters, and moves the dead
// letters back by the name of either queue.
func TestQueues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.Inspector()
	f.queues("staging", "jobs")
	f.up("staging", "aws:sqs/queue:Queue", "plain", map[string]any{"name": "plain"})
	client := f.sqs()
	url := aws.String("http://127.0.0.1:8080/_queues/000000000000/staging-jobs")
	for _, body := range []string{"one", "two"} {
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	seen := func() map[string][4]int {
		t.Helper()
		all, err := in.Queues()
		if err != nil {
			t.Fatal(err)
		}
		m := map[string][4]int{}
		for _, q := range all {
			m[q.Logical] = [4]int{q.Waiting, q.InFlight, q.Delayed, q.Dead}
		}
		return m
	}
	if diff := cmp.Diff(map[string][4]int{"jobs": {2}, "jobs-dead": {}, "plain": {}}, seen()); diff != "" {
		t.Errorf("queues\n%s", diff)
	}
	for range 2 {
		if _, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string][4]int{"jobs": {0, 0, 0, 2}, "jobs-dead": {2}, "plain": {}}, seen()); diff != "" {
		t.Errorf("queues with dead letters\n%s", diff)
	}
	page, err := in.Messages("jobs-dead", 1)
	if err != nil || page.Total != 2 || len(page.Messages) != 1 || page.Messages[0].Body != "one" || page.Messages[0].Queue != "staging-jobs" || page.Messages[0].Receives != 1 {
		t.Errorf("dead letters %+v, %v", page, err)
	}
	back, err := in.Redrive(t.Context(), "jobs")
	if err != nil || back.Queue != "staging-jobs-dead" || back.Moved["staging-jobs"] != 2 || back.Stayed != 0 {
		t.Errorf("redriven %+v, %v", back, err)
	}
	if diff := cmp.Diff(map[string][4]int{"jobs": {2}, "jobs-dead": {}, "plain": {}}, seen()); diff != "" {
		t.Errorf("queues after the redrive\n%s", diff)
	}
	if back, err := in.Redrive(t.Context(), "jobs-dead"); err != nil || len(back.Moved) > 0 {
		t.Errorf("redriven %+v, %v", back, err)
	}
	if _, err := in.Redrive(t.Context(), "plain"); err == nil || !strings.Contains(err.Error(), "is not a dead-letter queue") {
		t.Errorf("redriven from a plain queue: %v", err)
	}
}
