package eventbridge

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
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/sqs"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account     = "111111111111"
	region      = "eu-west-1"
	functionARN = "arn:aws:lambda:eu-west-1:111111111111:function:f"
	queueARN    = "arn:aws:sqs:eu-west-1:111111111111:q"
	deadARN     = "arn:aws:sqs:eu-west-1:111111111111:dead"
	busOfAll    = "arn:aws:events:eu-west-1:111111111111:event-bus/*"
)

// A fixture has rules, real queues and a function that records its events.
type fixture struct {
	*Rules
	t      *testing.T
	db     *store.Store
	queues *sqs.Queues
	client *sdk.Client // of the role r
	call   provider.Call

	mu       sync.Mutex
	now      time.Time
	ticks    chan time.Time
	refuses  error // of the function
	got      []string
	reported []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, call: provider.Call{Account: account, Region: region}, now: time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC), ticks: make(chan time.Time)}
	dir := t.TempDir()
	var err error
	f.db, err = store.Open(dir, 0)
	must(t, err)
	t.Cleanup(func() { f.db.Close() })
	authority := iam.NewAuthority(f.db, nil)
	f.queues, err = sqs.New(f.db, authority, func() string { return "http://127.0.0.1:1" }, filepath.Join(dir, "messages.db"))
	must(t, err)
	t.Cleanup(func() { f.queues.Close() })
	f.Rules = New(Options{Store: f.db, Authority: authority, Functions: f, Queues: f.queues, Now: f.time, After: func(time.Duration) <-chan time.Time { return f.ticks },
		Report: func(err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.reported = append(f.reported, err.Error())
		}})
	must(t, store.Put(f.db, iam.RoleToken, "r", store.Record[iam.Role]{ID: "r", Account: account, Inputs: iam.Role{Name: "r"}}))
	f.allow("events:PutEvents", busOfAll)
	f.queue("q", "")
	f.queue("dead", "")
	keys := authority.Issue("arn:aws:iam::"+account+":role/r", "f")
	server := httptest.NewServer(f.Handler())
	t.Cleanup(server.Close)
	f.client = sdk.New(sdk.Options{Region: region, BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
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

func (f *fixture) time() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) SendFor(service, source, function string, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses != nil {
		return f.refuses
	}
	f.got = append(f.got, fmt.Sprintf("%s %s %s %s", service, source, function, payload))
	return nil
}

func (f *fixture) InvokeFor(_ context.Context, service, source, function string, payload []byte) (lambda.Result, error) {
	return lambda.Result{Payload: []byte(`"ran"`)}, f.SendFor(service, source, function, payload)
}

// taken returns what the function got since the last call, one event per line.
func (f *fixture) taken() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := strings.Join(f.got, "\n")
	f.got = nil
	return text
}

func (f *fixture) reports() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.reported, "\n")
}

func (f *fixture) allow(action, resource string) {
	must(f.t, store.Put(f.db, iam.RolePolicyToken, "r:p", store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r",
		Policy: `{"Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"},{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`}}))
}

// queue declares a queue. Rules of an ARN may send to it; no rule may if the
// ARN is "".
func (f *fixture) queue(name, rule string) {
	in := sqs.Queue{Name: name}
	if rule != "" {
		in.Policy = `{"Statement":{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:111111111111:` + name + `",
			"Condition":{"ArnEquals":{"aws:SourceArn":"` + rule + `"},"StringEquals":{"aws:SourceAccount":"111111111111"}}}}`
	}
	must(f.t, store.Put(f.db, sqs.Token, account+"/"+name, store.Record[sqs.Queue]{ID: "http://127.0.0.1:1/" + account + "/" + name, Account: account, Region: region, Inputs: in}))
}

// messages returns the messages of a queue.
func (f *fixture) messages(arn string) []lambda.Message {
	f.t.Helper()
	got, err := f.queues.Receive(f.t.Context(), iam.Session("arn:aws:iam::"+account+":role/r", "f"), arn, 10, 0)
	must(f.t, err)
	return got
}

// declare creates a resource as the provider does.
func declare[In, Out any](f *fixture, kind *provider.Resource[In, Out], in In) (store.Record[In], error) {
	c := f.call
	c.URN = "urn:pulumi:staging::project::" + kind.Token + "::logical"
	r := store.Record[In]{ID: kind.ID(c, in), URN: c.URN, Account: account, Region: region, Inputs: in, State: map[string]string{}}
	if kind.Create != nil {
		if err := kind.Create(f.t.Context(), c, &r); err != nil {
			return r, err
		}
	}
	return r, store.Put(f.db, kind.Token, account+"/"+region+"/"+r.ID, r)
}

func (f *fixture) rule(in Rule) store.Record[Rule] {
	f.t.Helper()
	r, err := declare(f, rules(f.Rules), in)
	must(f.t, err)
	return r
}

func (f *fixture) target(in Target) {
	f.t.Helper()
	_, err := declare(f, targets(f.Rules), in)
	must(f.t, err)
}

// put puts one event as the role; it must succeed.
func (f *fixture) put(source, detail string) {
	f.t.Helper()
	out, err := f.client.PutEvents(f.t.Context(), &sdk.PutEventsInput{Entries: []types.PutEventsRequestEntry{{Source: &source, DetailType: aws.String("order"), Detail: &detail}}})
	if err != nil || out.FailedEntryCount != 0 || len(out.Entries) != 1 || out.Entries[0].EventId == nil {
		f.t.Fatalf("%+v, %v", out, err)
	}
}
