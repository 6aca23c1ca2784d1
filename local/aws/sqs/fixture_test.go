package sqs

import (
	"context"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
	base    = "http://127.0.0.1:1"
)

// clock is a clock that only move advances.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is an endpoint with the clients of a role and of the administrator.
type fixture struct {
	*Queues
	clock     *clock
	dir       string
	endpoint  string
	keys      iam.Credentials
	role, all *sqs.Client
}

// newFixture returns a fixture whose role has the given policy.
func newFixture(t *testing.T, policy string) *fixture {
	t.Helper()
	f := &fixture{clock: &clock{now: time.Unix(1700000000, 0)}, dir: t.TempDir()}
	db, err := store.Open(f.dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keep(t, db, iam.RoleToken, "r", store.Record[iam.Role]{ID: "r", Account: account, Inputs: iam.Role{Name: "r"}})
	keep(t, db, iam.RolePolicyToken, "r:p", store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r", Policy: policy}})
	authority := iam.NewAuthority(db, nil)
	f.Queues = openQueues(t, db, authority, f.dir)
	f.Queues.now = f.clock.time
	server := httptest.NewServer(f.Handler())
	t.Cleanup(server.Close)
	f.endpoint = server.URL
	f.keys = authority.Issue("arn:aws:iam::"+account+":role/r", "f")
	f.role, f.all = f.client(f.keys, region), f.client(authority.IssueAdministrator(), region)
	return f
}

func openQueues(t *testing.T, db *store.Store, authority *iam.Authority, dir string) *Queues {
	t.Helper()
	q, err := New(db, authority, func() string { return base }, filepath.Join(dir, "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

func keep[In any](t *testing.T, db *store.Store, token, key string, r store.Record[In]) {
	t.Helper()
	if err := store.Put(db, token, key, r); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) client(keys iam.Credentials, region string) *sqs.Client {
	return sqs.New(sqs.Options{
		Region: region, BaseEndpoint: &f.endpoint, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		}),
	})
}

// declare creates a queue as the provider does and returns its URL.
func (f *fixture) declare(t *testing.T, in Queue) *string {
	t.Helper()
	url, err := f.create(t, account, in)
	if err != nil {
		t.Fatal(err)
	}
	return &url
}

func (f *fixture) create(t *testing.T, account string, in Queue) (string, error) {
	t.Helper()
	kind, _, _, _ := resourceTypes(f.Queues)
	c := provider.Call{Account: account, Region: region}
	r := store.Record[Queue]{ID: kind.ID(c, in), Account: account, Region: region, Created: f.clock.time(), Inputs: in, State: map[string]string{}}
	if err := kind.Create(t.Context(), c, &r); err != nil {
		return "", err
	}
	keep(t, f.db, Token, kind.Key(r.ID, in), r)
	return r.ID, nil
}

// drop deletes a queue as the provider does.
func (f *fixture) drop(t *testing.T, url string) {
	t.Helper()
	kind, _, _, _ := resourceTypes(f.Queues)
	r, err := store.Get[Queue](f.db, Token, keyOf(url))
	if err != nil {
		t.Fatal(err)
	}
	if err := kind.Delete(t.Context(), provider.Call{}, r); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(f.db, Token, keyOf(url)); err != nil {
		t.Fatal(err)
	}
}

func arnOf(name string) string { return "arn:aws:sqs:" + region + ":" + account + ":" + name }

// say sends messages, one by one.
func (f *fixture) say(t *testing.T, url *string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if _, err := f.all.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
}

// receiveAll receives up to ten messages without waiting, and returns their
// bodies and receipt handles.
func (f *fixture) receiveAll(t *testing.T, url *string) (bodies string, handles []string) {
	t.Helper()
	out, err := f.all.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range out.Messages {
		all, handles = append(all, *m.Body), append(handles, *m.ReceiptHandle)
	}
	return strings.Join(all, " "), handles
}

func (f *fixture) wantReceived(t *testing.T, name string, url *string, want string) []string {
	t.Helper()
	got, handles := f.receiveAll(t, url)
	if got != want {
		t.Errorf("%s: received %q, want %q", name, got, want)
	}
	return handles
}

// wantError checks the error of a client: its code, a space and its message
// must begin with want. want is "" for no error.
func wantError(t *testing.T, name string, err error, want string) {
	t.Helper()
	got := ""
	var api smithy.APIError
	if errors.As(err, &api) {
		got = api.ErrorCode() + " " + api.ErrorMessage()
	} else if err != nil {
		got = err.Error()
	}
	if (want == "") != (got == "") || !strings.HasPrefix(got, want) {
		t.Errorf("%s: error %q, want %q", name, got, want)
	}
}

func pointer[T any](v T) *T { return &v }
