package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

// A fixture is an endpoint with the clients of a role, mine, and of the
// administrator. There are the buckets mine, and theirs of another account.
type fixture struct {
	*Buckets
	url         string
	role, admin *sdk.Client
}

// newFixture has a role that may do the actions on the bucket mine and all that
// is in it.
func newFixture(t *testing.T, actions ...string) *fixture {
	t.Helper()
	f := &fixture{Buckets: newBuckets(t)}
	f.allow(t, strings.Join(actions, `","`), "arn:aws:s3:::mine*")
	put(t, f.Buckets, iam.RoleToken, store.Record[iam.Role]{ID: "r", Account: account, Inputs: iam.Role{Name: "r"}})
	put(t, f.Buckets, BucketToken, store.Record[Bucket]{ID: "mine", Account: account, Region: region, Inputs: Bucket{Bucket: "mine"}})
	put(t, f.Buckets, BucketToken, store.Record[Bucket]{ID: "theirs", Account: "222222222222", Region: region, Inputs: Bucket{Bucket: "theirs"}})
	server := httptest.NewServer(f.Handler())
	t.Cleanup(server.Close)
	f.url = server.URL
	f.role = f.client(f.authority.Issue("arn:aws:iam::"+account+":role/r", "f"))
	f.admin = f.client(f.authority.IssueAdministrator())
	return f
}

// allow is all that the role may do.
func (f *fixture) allow(t *testing.T, actions, resource string) {
	t.Helper()
	policy := `{"Statement":{"Effect":"Allow","Action":["` + actions + `"],"Resource":"` + resource + `"}}`
	put(t, f.Buckets, iam.RolePolicyToken, store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r", Policy: policy}})
}

// client is one as a function has it: it is told where the endpoint is, and
// nothing else.
func (f *fixture) client(keys iam.Credentials) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: region, BaseEndpoint: &f.url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		}),
	})
}

func (f *fixture) put(t *testing.T, key, body string) {
	t.Helper()
	if _, err := f.admin.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String("mine"), Key: &key, Body: strings.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) body(t *testing.T, key string) string {
	t.Helper()
	out, err := f.admin.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: aws.String("mine"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	return text(t, out.Body)
}

func text(t *testing.T, r io.ReadCloser) string {
	t.Helper()
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// code is the code of a client's error, "" for none.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// send makes a request of a URL as it is, as curl does.
func send(t *testing.T, method, url, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return response, text(t, response.Body)
}
