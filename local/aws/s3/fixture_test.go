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

// A fixture is an endpoint with the clients of a role and of the administrator.
// Bucket mine belongs to the role's account, bucket theirs to another one.
type fixture struct {
	*Buckets
	url         string
	role, admin *sdk.Client
}

// newFixture creates a role that may do the actions on the bucket mine and its
// objects.
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

// allow sets the only policy of the role.
func (f *fixture) allow(t *testing.T, actions, resource string) {
	t.Helper()
	policy := `{"Statement":{"Effect":"Allow","Action":["` + actions + `"],"Resource":"` + resource + `"}}`
	put(t, f.Buckets, iam.RolePolicyToken, store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r", Policy: policy}})
}

// client returns a client as a function has it: only its endpoint is set.
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

// code returns the code of a client's error, "" for nil.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// send makes a request to a URL without a signature, as curl does.
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
