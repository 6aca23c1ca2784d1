package sns

import (
	"context"
	"encoding/json"
	"errors"
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
	"github.com/aws/smithy-go"

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
