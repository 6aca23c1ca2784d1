package iam

import (
	"errors"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// defaultSession is the length of a session without a requested duration
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html).
const defaultSession = time.Hour

// WebIdentity is a request for a session of a role with a token. The caller
// must have verified the token's signature and expiry.
type WebIdentity struct {
	RoleARN, Session          string
	Issuer, Audience, Subject string        // the claims iss, aud and sub
	Duration                  time.Duration // of the session; 0 for an hour
}

// Assumed is a session of a role, and its keys.
type Assumed struct {
	Credentials
	Caller   Caller
	Expires  time.Time
	Provider string // ARN of the identity provider that the role trusts
}

// AssumeWithWebIdentity issues keys of a role. The role's account needs a
// provider for the token's issuer, and the role's trust policy must allow the
// token's subject. A refusal is an *awserr.Error, which does not reveal whether
// the role exists.
func (a *Authority) AssumeWithWebIdentity(w WebIdentity) (Assumed, error) {
	account, _ := splitRole(w.RoleARN)
	p, err := store.Get[OIDCProvider](a.db, OIDCProviderToken, oidcProviderARN(account, w.Issuer))
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && p.Inputs.URL != w.Issuer:
		return Assumed{}, awserr.New("InvalidIdentityToken", "No OpenIDConnect provider found in your account for %s", w.Issuer)
	case err != nil:
		return Assumed{}, err
	case !slices.Contains(p.Inputs.Audiences, w.Audience):
		return Assumed{}, awserr.New("InvalidIdentityToken", "Incorrect token audience")
	}
	r, err := a.trusting(w, p.ID)
	if err != nil {
		return Assumed{}, err
	}
	if w.Duration == 0 {
		w.Duration = defaultSession
	}
	if w.Duration > time.Duration(describeRole(r).MaxSessionDuration)*time.Second {
		return Assumed{}, awserr.New("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	s := Assumed{Caller: Session(w.RoleARN, w.Session), Expires: a.now().Add(w.Duration), Provider: p.ID}
	s.Credentials = a.issue(s.Caller, s.Expires)
	return s, nil
}

// trusting returns the role if it exists and trusts the token's subject.
func (a *Authority) trusting(w WebIdentity, providerARN string) (store.Record[Role], error) {
	denied := awserr.New("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	r, err := a.role(w.RoleARN)
	if errors.Is(err, store.ErrNotFound) {
		return r, denied
	}
	if err != nil {
		return r, err
	}
	issuer := strings.TrimPrefix(w.Issuer, "https://")
	about := func(s statement) bool { return s.namesProvider(providerARN) }
	allowed, err := admits(r, about, Request{Action: "sts:AssumeRoleWithWebIdentity", Context: map[string][]string{
		issuer + ":aud":       {w.Audience},
		issuer + ":sub":       {w.Subject},
		"aws:SecureTransport": {"true"}, // the local cloud counts as HTTPS
	}})
	if err == nil && !allowed {
		err = denied
	}
	return r, err
}
