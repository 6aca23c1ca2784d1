package sts

import (
	"encoding/json"
	"errors"

	"skiff/local/aws/awserr"
	"skiff/local/aws/issuer"
)

// claims are the claims of a valid token that identify the caller.
type claims struct{ issuer, audience, subject string }

// claims returns the claims of a token. It refuses a token that its issuer has
// not signed, that has expired or that is not valid yet. The error texts are
// AWS's where they are known.
func (s *service) claims(token string) (claims, error) {
	all, err := s.o.Verify(token)
	switch {
	case errors.Is(err, issuer.ErrSegments), errors.Is(err, issuer.ErrMalformed):
		return claims{}, awserr.New("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	case err != nil:
		return claims{}, awserr.New("InvalidIdentityToken", "The web identity token that was passed could not be validated: %s. Get a new identity token from the identity provider and then retry the request.", err)
	}
	var c claims
	for _, claim := range []struct {
		name string
		into *string
	}{{"iss", &c.issuer}, {"aud", &c.audience}, {"sub", &c.subject}} {
		if *claim.into = word(all[claim.name]); *claim.into == "" {
			return c, awserr.New("InvalidIdentityToken", "Missing a required claim: %s", claim.name)
		}
	}
	return c, s.checkTimes(all)
}

func (s *service) checkTimes(all map[string]any) error {
	issued, ok := seconds(all["iat"])
	if !ok {
		return awserr.New("InvalidIdentityToken", "Missing a required claim: iat")
	}
	expires, ok := seconds(all["exp"])
	if !ok {
		return awserr.New("InvalidIdentityToken", "Missing a required claim: exp")
	}
	switch now := s.o.Now().Unix(); {
	case now >= expires:
		return awserr.New("ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", now, expires)
	case now < issued:
		return awserr.New("ExpiredTokenException", "Token is not valid yet: current date/time %d must not be before the date/time of issue %d", now, issued)
	}
	return nil
}

// word returns a claim that is a string, or a list of one string. A token with
// several audiences is refused, because a condition compares a single one.
func word(claim any) string {
	if list, ok := claim.([]any); ok && len(list) == 1 {
		claim = list[0]
	}
	text, _ := claim.(string)
	return text
}

// seconds returns a claim that is a time in seconds. It drops a fraction.
func seconds(claim any) (int64, bool) {
	n, ok := claim.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return int64(f), err == nil
}
