package dynamodb

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/process/dynoxide"
	"skiff/local/process/npm"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

// engine starts the engine that all tests share. Each test uses separate
// tables.
var engine = sync.OnceValues(func() (*dynoxide.Server, error) {
	cache, err := npm.CacheDir()
	if err != nil {
		return nil, err
	}
	binary, err := dynoxide.Install(context.Background(), cache, os.Stderr)
	if err != nil {
		return nil, err
	}
	return dynoxide.Start(context.Background(), dynoxide.Options{Binary: binary})
})

func TestMain(m *testing.M) {
	code := m.Run()
	if server, err := engine(); err == nil {
		server.Close()
	}
	os.Exit(code)
}

// fixture is a Front and a caller with a policy.
type fixture struct {
	tables *Tables
	client *dynamodb.Client
	keys   iam.Credentials
	url    string
}

func newFixture(t *testing.T, policy string) *fixture {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	role := iam.Role{Name: "r"}
	put(t, db, iam.RoleToken, "r", role)
	if policy != "" {
		put(t, db, iam.RolePolicyToken, "r:p", iam.RolePolicy{Name: "p", Role: "r", Policy: policy})
	}
	authority := iam.NewAuthority(db, nil)
	f := &fixture{
		tables: New(db, func(context.Context) (string, error) {
			server, err := engine()
			if err != nil {
				return "", err
			}
			return server.URL(), nil
		}),
		keys: authority.Issue("arn:aws:iam::"+account+":role/r", "f"),
	}
	server := httptest.NewServer(NewFront(f.tables, authority))
	t.Cleanup(server.Close)
	f.url = server.URL
	f.client = f.in(region)
	return f
}

// in returns a client for another region.
func (f *fixture) in(region string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: region, BaseEndpoint: &f.url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: f.keys.AccessKeyID, SecretAccessKey: f.keys.SecretAccessKey, SessionToken: f.keys.SessionToken}, nil
		}),
	})
}

func put[In any](t *testing.T, db *store.Store, token, id string, in In) {
	t.Helper()
	if err := store.Put(db, token, id, store.Record[In]{ID: id, Account: account, Region: region, Inputs: in}); err != nil {
		t.Fatal(err)
	}
}

// items returns a table with an index.
func items(name string) Table {
	return Table{
		Name: name, HashKey: "id", BillingMode: "PAY_PER_REQUEST",
		Attributes:             []Attribute{{"id", "S"}, {"status", "S"}},
		GlobalSecondaryIndexes: []Index{{Name: "by-status", HashKey: "status", ProjectionType: "ALL"}},
	}
}

// declare creates a table as the provider does.
func (f *fixture) declare(t *testing.T, in Table) {
	t.Helper()
	if err := f.create(t, in); err != nil {
		t.Fatal(err)
	}
	put(t, f.tables.db, Token, in.Name, in)
}

func (f *fixture) create(t *testing.T, in Table) error {
	t.Helper()
	return f.tables.create(t.Context(), provider.Call{}, &store.Record[Table]{ID: in.Name, Inputs: in})
}

// update updates a declared table as the provider does, but does not write the
// record.
func (f *fixture) update(ctx context.Context, t *testing.T, in Table) error {
	t.Helper()
	old, err := store.Get[Table](f.tables.db, Token, in.Name)
	if err != nil {
		t.Fatal(err)
	}
	return f.tables.update(ctx, provider.Call{}, old, &store.Record[Table]{ID: in.Name, Inputs: in})
}

// nameOf returns a table name that no other test uses, and no other run of this
// one.
func nameOf(t *testing.T) string { return filepath.Base(filepath.Dir(t.TempDir())) }

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
}

// allow returns a policy that allows actions on tables of the fixture's region.
func allow(actions, tables string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[%s],"Resource":"arn:aws:dynamodb:%s:%s:table/%s"}]}`, actions, region, account, tables)
}
