package secretsmanager

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

// A fixture is an endpoint with the clients of a role and of the administrator.
type fixture struct {
	*Secrets
	kind   *provider.Resource[Secret, SecretOutputs]
	dir    string // of the store
	role   *secretsmanager.Client
	admin  *secretsmanager.Client
	url    string
	keys   iam.Credentials
	master iam.Credentials
}

// newFixture creates a role with a policy.
func newFixture(t *testing.T, policy string) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir()}
	db, err := store.Open(f.dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	put(t, db, iam.RoleToken, store.Record[iam.Role]{ID: "r", Account: account, Inputs: iam.Role{Name: "r"}})
	put(t, db, iam.RolePolicyToken, store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r", Policy: policy}})
	authority := iam.NewAuthority(db, nil)
	f.Secrets = New(db, authority)
	f.kind = resourceType(f.Secrets)
	server := httptest.NewServer(f.Handler())
	t.Cleanup(server.Close)
	f.url = server.URL
	f.keys, f.master = authority.Issue("arn:aws:iam::"+account+":role/r", "f"), authority.IssueAdministrator()
	f.role, f.admin = f.client(f.keys, region), f.client(f.master, region)
	return f
}

func (f *fixture) client(keys iam.Credentials, region string) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: region, BaseEndpoint: &f.url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		}),
	})
}

func put[In any](t *testing.T, db *store.Store, token string, r store.Record[In]) {
	t.Helper()
	if err := store.Put(db, token, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

// declare creates a secret as the provider does, and returns its ARN.
func (f *fixture) declare(t *testing.T, account string, in Secret) string {
	t.Helper()
	r, err := f.create(t, account, in)
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func (f *fixture) create(t *testing.T, account string, in Secret) (store.Record[Secret], error) {
	t.Helper()
	c := provider.Call{URN: "urn:pulumi:local::project::" + Token + "::" + in.Name, Account: account, Region: region}
	r := store.Record[Secret]{ID: f.kind.ID(c, in), URN: c.URN, Account: account, Region: region, Created: time.Unix(1700000000, 0), Inputs: in, Tags: in.Tags}
	if err := f.kind.Create(t.Context(), c, &r); err != nil {
		return r, err
	}
	return r, store.Put(f.db, Token, f.kind.Key(r.ID, in), r)
}

// remove deletes a secret as the provider does.
func (f *fixture) remove(t *testing.T, secretARN string) {
	t.Helper()
	key := f.kind.Key(secretARN, Secret{})
	r, err := store.Get[Secret](f.db, Token, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.kind.Delete(t.Context(), provider.Call{}, r); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(f.db, Token, key); err != nil {
		t.Fatal(err)
	}
}

// wantError compares a client's error with want: the code, a space, and the
// message; "" for none.
func wantError(t *testing.T, name string, err error, want string) {
	t.Helper()
	got := ""
	var api smithy.APIError
	if errors.As(err, &api) {
		got = api.ErrorCode() + " " + api.ErrorMessage()
	} else if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%s: error %q, want %q", name, got, want)
	}
}

// stranger returns keys that were never issued.
func stranger() iam.Credentials {
	return iam.Credentials{AccessKeyID: "ASIASTRANGER", SecretAccessKey: "x", SessionToken: "y"}
}
