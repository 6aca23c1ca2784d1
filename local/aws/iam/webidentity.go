package iam

import (
	"errors"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// defaultSession is how long a session is that asks for no time
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html).
const defaultSession = time.Hour

// WebIdentity asks for a session of a role by a token. That the token is valid
// is for who asks to have verified: whose key signed it, and when it ends.
type WebIdentity struct {
	RoleARN, Session          string
	Issuer, Audience, Subject string        // the claims iss, aud and sub
	Duration                  time.Duration // of the session; 0 for an hour
}

// Assumed is the session of a role, and its keys.
type Assumed struct {
	Credentials
	Caller   Caller
	Expires  time.Time
	Provider string // ARN of the one that the role trusts
}

// AssumeWithWebIdentity hands out keys of a role whose account has a provider
// for the token's issuer and whose trust policy lets the token's subject in. A
// refusal is an *awserr.Error; of a role it does not tell whether it exists.
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

// trusting is the role, if it is there and lets the token's subject in.
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
		"aws:SecureTransport": {"true"}, // the local cloud stands for HTTPS
	}})
	if err == nil && !allowed {
		err = denied
	}
	return r, err
}
