package sns

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/sqs"
	"skiff/local/store"
)

const (
	owner    = "222222222222"
	deadARN  = "arn:aws:sqs:eu-west-1:222222222222:dead"
	fromSNS  = `{"Statement":{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"` + alarmsARN + `"}}}}`
	otherSNS = `{"Statement":{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"` + alarmsARN + `2"}}}}`
)

// A fixture is a topic with real queues and a function that records its events.
type fixture struct {
	t      *testing.T
	db     *store.Store
	topics *Topics
	queues *sqs.Queues
	client *sdk.Client // of the role r

	mu       sync.Mutex
	refuses  error // of the function
	got      []string
	reported []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t}
	f.topics, f.db = newTopics(t)
	authority := iam.NewAuthority(f.db, nil)
	var err error
	f.queues, err = sqs.New(f.db, authority, func() string { return "http://127.0.0.1:1" }, filepath.Join(t.TempDir(), "messages.db"))
	must(t, err)
	t.Cleanup(func() { f.queues.Close() })
	put(f, iam.RoleToken, "r", store.Record[iam.Role]{ID: "r", Account: owner, Inputs: iam.Role{Name: "r"}})
	f.allow("sns:Publish")
	f.topic("")
	f.queue("q", fromSNS)
	f.queue("dead", fromSNS)
	keys := authority.Issue("arn:aws:iam::"+owner+":role/r", "f")
	server := httptest.NewServer(f.topics.Handler(Options{Authority: authority, Functions: f, Queues: f.queues, Now: func() time.Time { return time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC) },
		Report: func(err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.reported = append(f.reported, err.Error())
		}}))
	t.Cleanup(server.Close)
	f.client = sdk.New(sdk.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		})})
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put[In any](f *fixture, token, key string, r store.Record[In]) {
	f.t.Helper()
	must(f.t, store.Put(f.db, token, key, r))
}

func (f *fixture) SendFor(service, source, function string, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses == nil {
		f.got = append(f.got, fmt.Sprintf("%s %s %s %s", service, source, function, payload))
	}
	return f.refuses
}

func (f *fixture) reports() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.reported, "\n")
}

// allow lets the role do an action, and read queues.
func (f *fixture) allow(action string) {
	put(f, iam.RolePolicyToken, "r:p", store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r",
		Policy: `{"Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"},{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`}})
}

func (f *fixture) topic(policy string) {
	put(f, TopicToken, alarmsARN, store.Record[Topic]{ID: alarmsARN, Account: owner, Region: "eu-west-1", Inputs: Topic{Name: "alarms", Policy: policy}})
}

func (f *fixture) queue(name, policy string) {
	put(f, sqs.Token, owner+"/"+name, store.Record[sqs.Queue]{ID: "http://127.0.0.1:1/" + owner + "/" + name, Account: owner, Region: "eu-west-1", Inputs: sqs.Queue{Name: name, Policy: policy}})
}

func (f *fixture) subscribe(in Subscription) {
	in.Topic = alarmsARN
	id := alarmsARN + ":" + in.Protocol
	put(f, SubscriptionToken, id, store.Record[Subscription]{ID: id, Account: owner, Inputs: in})
}

// messages receives the messages of a queue.
func (f *fixture) messages(arn string) []lambda.Message {
	f.t.Helper()
	role := iam.Session("arn:aws:iam::"+owner+":role/r", "f")
	got, err := f.queues.Receive(f.t.Context(), role, arn, 10, 0)
	must(f.t, err)
	for _, m := range got {
		must(f.t, f.queues.Delete(role, arn, []string{m.ReceiptHandle}))
	}
	return got
}

func (f *fixture) publish(in sdk.PublishInput) string {
	f.t.Helper()
	in.TopicArn = aws.String(alarmsARN)
	out, err := f.client.Publish(f.t.Context(), &in)
	must(f.t, err)
	return *out.MessageId
}

func attributes() map[string]types.MessageAttributeValue {
	return map[string]types.MessageAttributeValue{
		"kind": {DataType: aws.String("String"), StringValue: aws.String("order")}, "total": {DataType: aws.String("Number"), StringValue: aws.String("11")},
		"key": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}}, "tags": {DataType: aws.String("String.Array"), StringValue: aws.String(`["a","b"]`)},
	}
}
