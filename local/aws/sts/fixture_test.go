package sts

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"skiff/local/aws/iam"
	"skiff/local/aws/issuer"
	"skiff/local/store"
)

const (
	account  = "111111111111"
	deploy   = "arn:aws:iam::" + account + ":role/bootstrap/project-staging-deploy"
	preview  = "arn:aws:iam::" + account + ":role/bootstrap/project-staging-preview"
	audience = "sts.amazonaws.com"
	gitlab   = "https://gitlab.com"

	main    = "project_path:acme/api:ref_type:branch:ref:main"
	feature = "project_path:acme/api:ref_type:branch:ref:feature" // of a merge request
)

// trust returns the trust policy that bootstrap gives a role.
func trust(operator, subject string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/gitlab.com"},` +
		`"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{` + conditions(operator, subject) + `}}]}`
}

func conditions(operator, subject string) string {
	const aud = `"gitlab.com:aud":["` + audience + `"]`
	sub := `"gitlab.com:sub":["` + subject + `"]`
	if operator == "StringEquals" {
		return `"StringEquals":{` + aud + `,` + sub + `}`
	}
	return `"StringEquals":{` + aud + `},"` + operator + `":{` + sub + `}`
}

// A fixture is an endpoint and an account. GitLab's pipelines may assume two
// roles of the account, as bootstrap declares them.
type fixture struct {
	t         *testing.T
	db        *store.Store
	authority *iam.Authority
	issuer    *issuer.Issuer
	url       string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := &fixture{t: t, db: db, authority: iam.NewAuthority(db, nil), issuer: openIssuer(t)}
	f.role(iam.Role{Name: "project-staging-deploy", Path: "/bootstrap/", AssumeRolePolicy: trust("StringEquals", main)})
	f.role(iam.Role{Name: "project-staging-preview", Path: "/bootstrap/", AssumeRolePolicy: trust("StringLike", "project_path:acme/api:ref_type:branch:ref:*")})
	f.provider(account, gitlab)
	server := httptest.NewServer(New(Options{Authority: f.authority, Verify: f.issuer.Verify, Account: "000000000000"}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func openIssuer(t *testing.T) *issuer.Issuer {
	t.Helper()
	i, err := issuer.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (f *fixture) role(in iam.Role) {
	put(f.t, f.db, iam.RoleToken, store.Record[iam.Role]{ID: in.Name, Account: account, Inputs: in})
}

func (f *fixture) provider(account, url string) {
	id := "arn:aws:iam::" + account + ":oidc-provider/" + url[len("https://"):]
	put(f.t, f.db, iam.OIDCProviderToken, store.Record[iam.OIDCProvider]{
		ID: id, Account: account, Inputs: iam.OIDCProvider{URL: url, Audiences: []string{audience}},
	})
}

func put[In any](t *testing.T, db *store.Store, token string, r store.Record[In]) {
	t.Helper()
	if err := store.Put(db, token, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

// token returns a pipeline's token for a branch, valid for some minutes.
// changes modify its claims.
func (f *fixture) token(subject string, changes ...func(*issuer.Claims)) string {
	f.t.Helper()
	now := time.Now()
	c := issuer.Claims{Issuer: gitlab, Audience: audience, Subject: subject, Issued: now, Expires: now.Add(5 * time.Minute)}
	for _, change := range changes {
		change(&c)
	}
	token, err := f.issuer.Sign(c)
	if err != nil {
		f.t.Fatal(err)
	}
	return token
}

// client returns a client with keys, or without if nil.
func (f *fixture) client(keys *iam.Credentials) *sts.Client {
	o := sts.Options{Region: "eu-central-1", BaseEndpoint: &f.url, RetryMaxAttempts: 1}
	if keys != nil {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		})
	}
	return sts.New(o)
}

func (f *fixture) assume(role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return f.client(nil).AssumeRoleWithWebIdentity(f.t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("job-1"), WebIdentityToken: &token,
	})
}

// errorText returns the code and the message of a client's error.
func errorText(err error) string {
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return api.ErrorCode() + ": " + api.ErrorMessage()
	case err != nil:
		return err.Error()
	}
	return ""
}
