package iam

import (
	"errors"
	"strings"
	"testing"
	"time"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	gitlabARN = "arn:aws:iam::111111111111:oidc-provider/gitlab.com"
	pipeline  = "project_path:acme/api:ref_type:branch:ref:main"
)

// gitlabTrust returns a trust policy for GitLab's pipelines of main, with more
// statements.
func gitlabTrust(more string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + gitlabARN + `"},"Action":["sts:AssumeRoleWithWebIdentity"],` +
		`"Condition":{"StringEquals":{"gitlab.com:aud":["aws"],"gitlab.com:sub":["` + pipeline + `"]}}}` + more + `]}`
}

func putProvider(t *testing.T, a *Authority) {
	t.Helper()
	r := store.Record[OIDCProvider]{ID: gitlabARN, Account: account, Inputs: OIDCProvider{URL: "https://gitlab.com", Audiences: []string{"aws"}}}
	if err := store.Put(a.db, OIDCProviderToken, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

// TestAssumed checks that the role's policies decide calls with the issued
// keys, until the keys expire.
func TestAssumed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	now := time.Unix(1700000000, 0)
	a.now = func() time.Time { return now }
	putProvider(t, a)
	role := putRole(t, a, Role{Name: "deploy", Path: "/bootstrap/", AssumeRolePolicy: gitlabTrust("")})
	putPolicy(t, a, "deploy", "read", readOnly)
	s, err := a.AssumeWithWebIdentity(WebIdentity{RoleARN: role, Session: "job", Issuer: "https://gitlab.com", Audience: "aws", Subject: pipeline})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Expires.Equal(now.Add(time.Hour)) || s.Provider != gitlabARN || s.Caller.ARN != "arn:aws:sts::111111111111:assumed-role/deploy/job" {
		t.Errorf("assumed %+v", s)
	}
	now = s.Expires.Add(-time.Second)
	caller, err := a.Identify(s.Credentials)
	if err != nil || caller != s.Caller {
		t.Errorf("the keys are of %+v, %v", caller, err)
	}
	if err := a.Authorize(caller, Request{Action: "dynamodb:GetItem", Resource: table}); err != nil {
		t.Error(err)
	}
	var refused *Denied
	if err := a.Authorize(caller, Request{Action: "dynamodb:PutItem", Resource: table}); !errors.As(err, &refused) {
		t.Errorf("a call that no policy allows: %v", err)
	}
	for _, keys := range []Credentials{
		{AccessKeyID: "x", SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken},
		{AccessKeyID: s.AccessKeyID, SecretAccessKey: "x", SessionToken: s.SessionToken},
		{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: "x"},
	} {
		if _, err := a.Identify(keys); err == nil || !strings.HasPrefix(err.Error(), "UnrecognizedClientException") {
			t.Errorf("other keys: %v", err)
		}
	}
	now = s.Expires
	if _, err := a.Identify(s.Credentials); err == nil || !strings.HasPrefix(err.Error(), "ExpiredTokenException") {
		t.Errorf("expired keys: %v", err)
	}
	if _, err := a.Identify(a.Issue(role, "f")); err != nil {
		t.Errorf("a function's keys: %v", err)
	}
}

// TestTrustInProvider checks statements about the users of an identity
// provider.
func TestTrustInProvider(t *testing.T) {
	t.Parallel()
	const deny = `,{"Effect":"Deny","Action":"*","Principal":`
	for _, test := range []struct {
		name, policy string
		want         bool
	}{
		{"named", gitlabTrust(""), true},
		{"one of several", strings.Replace(gitlabTrust(""), `"`+gitlabARN+`"`, `["arn:aws:iam::111111111111:oidc-provider/x.com","`+gitlabARN+`"]`, 1), true},
		{"another provider", strings.Replace(gitlabTrust(""), "provider/gitlab.com", "provider/gitlab.example.com", 1), false},
		{"of another account", strings.Replace(gitlabTrust(""), "iam::1", "iam::2", 1), false},
		{"everyone", strings.Replace(gitlabTrust(""), `{"Federated":"`+gitlabARN+`"}`, `"*"`, 1), false},
		{"a service", strings.Replace(gitlabTrust(""), "Federated", "Service", 1), false},
		{"another action", strings.Replace(gitlabTrust(""), "WithWebIdentity", "WithSAML", 1), false},
		{"another audience", strings.Replace(gitlabTrust(""), `["aws"]`, `["sts"]`, 1), false},
		{"another issuer's subject", strings.Replace(gitlabTrust(""), `"gitlab.com:sub"`, `"gitlab.example.com:sub"`, 1), false},
		{"everyone denied", gitlabTrust(deny + `"*"}`), false},
		{"every account denied", gitlabTrust(deny + `{"AWS":"*"}}`), false},
		{"itself denied", gitlabTrust(deny + `{"Federated":"` + gitlabARN + `"}}`), false},
		{"another denied", gitlabTrust(deny + `{"Federated":"arn:aws:iam::111111111111:oidc-provider/x.com"}}`), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, nil)
			putProvider(t, a)
			role := putRole(t, a, Role{Name: "r", AssumeRolePolicy: test.policy})
			_, err := a.AssumeWithWebIdentity(WebIdentity{RoleARN: role, Session: "job", Issuer: "https://gitlab.com", Audience: "aws", Subject: pipeline})
			if (err == nil) != test.want {
				t.Errorf("assumed: %v, want %v", err, test.want)
			}
			if err != nil && err.Error() != "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity" {
				t.Errorf("refused with %v", err)
			}
		})
	}
}

func TestCheckOIDCProvider(t *testing.T) {
	t.Parallel()
	const url = "https://gitlab.com"
	good := strings.Repeat("aA01", 10)
	for _, test := range []struct {
		name string
		in   OIDCProvider
		want string
	}{
		{"plain", OIDCProvider{URL: url, Audiences: []string{"aws"}}, ""},
		{"with a path", OIDCProvider{URL: "https://git.example.com/a/b", Audiences: []string{strings.Repeat("a", 255)}, Thumbprints: []string{good, good, good, good, good}}, ""},
		{"not known yet", OIDCProvider{}, ""},
		{"without TLS", OIDCProvider{URL: "http://gitlab.com"}, "url"},
		{"without a scheme", OIDCProvider{URL: "gitlab.com"}, "url"},
		{"without a host", OIDCProvider{URL: "https://"}, "url"},
		{"port", OIDCProvider{URL: "https://gitlab.com:443"}, "url"},
		{"query", OIDCProvider{URL: "https://gitlab.com?a=b"}, "url"},
		{"long", OIDCProvider{URL: url + "/" + strings.Repeat("a", 255)}, "url"},
		{"many audiences", OIDCProvider{URL: url, Audiences: strings.Split(strings.Repeat("a,", 100)+"a", ",")}, "clientIdLists"},
		{"long audience", OIDCProvider{URL: url, Audiences: []string{"a", strings.Repeat("a", 256)}}, "clientIdLists[1]"},
		{"empty audience", OIDCProvider{URL: url, Audiences: []string{""}}, "clientIdLists[0]"},
		{"thumbprint", OIDCProvider{URL: url, Thumbprints: []string{good[1:]}}, "thumbprintLists[0]"},
		{"many thumbprints", OIDCProvider{URL: url, Thumbprints: []string{good, good, good, good, good, good}}, "thumbprintLists"},
	} {
		wantProblem(t, test.name, checkOIDCProvider(test.in), test.want)
	}
}

func TestOIDCProvider(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	kind := oidcProviders(a)
	call := provider.Call{Account: account}
	in := OIDCProvider{URL: "https://gitlab.com"}
	r := store.Record[OIDCProvider]{ID: kind.ID(call, in), Account: account, Inputs: in, Tags: map[string]string{"a": "b"}}
	if r.ID != gitlabARN {
		t.Fatalf("the ARN is %s", r.ID)
	}
	if err := kind.Create(t.Context(), call, &r); err == nil || !strings.Contains(err.Error(), "clientIdLists: at least one audience") {
		t.Errorf("without an audience: %v", err)
	}
	r.Inputs.Audiences = []string{"aws"}
	if err := kind.Create(t.Context(), call, &r); err != nil {
		t.Error(err)
	}
	out := kind.Describe(r)
	if out.ARN != gitlabARN || len(out.Thumbprints) != 1 || !thumbprintForm.MatchString(out.Thumbprints[0]) {
		t.Errorf("described as %+v", out)
	}
	given := r
	given.Inputs.Thumbprints = []string{strings.Repeat("0", 40)}
	if err := kind.Update(t.Context(), call, given, &r); err != nil || kind.Describe(r).Thumbprints[0] != given.Inputs.Thumbprints[0] {
		t.Errorf("thumbprints that are left out do not stay: %v, %v", kind.Describe(r), err)
	}
	if err := store.Put(a.db, OIDCProviderToken, r.ID, r); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		account string
		args    map[string]any
		want    string // of the error, or "" if the provider is found
	}{
		{account, map[string]any{"arn": gitlabARN}, ""},
		{account, map[string]any{"url": "https://gitlab.com", "arn": nil}, ""},
		{"222222222222", map[string]any{"arn": gitlabARN}, "NoSuchEntity: OpenIDConnect Provider " + gitlabARN + " in account 222222222222"},
		{account, map[string]any{"url": "https://gitlab.example.com"}, "NoSuchEntity"},
		{account, map[string]any{}, "needs either arn or url"},
		{account, map[string]any{"arn": gitlabARN, "url": "https://gitlab.com"}, "needs either arn or url"},
		{account, map[string]any{"arn": gitlabARN, "tags": map[string]any{}}, "does not know the argument tags"},
	} {
		found, err := a.GetOIDCProvider(provider.Call{Account: test.account}, test.args)
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%v: %v, want %q", test.args, err, test.want)
		}
		if test.want == "" && (err != nil || found["arn"] != gitlabARN || found["url"] != "gitlab.com" || found["clientIdLists"].([]any)[0] != "aws") {
			t.Errorf("%v: found %v, %v", test.args, found, err)
		}
	}
}
