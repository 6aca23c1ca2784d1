// Package tokens signs and verifies the bearer tokens of a stack without an
// issuer. They are JSON Web Tokens, signed with a key that is in a secret of
// the stack.
package tokens

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// MaxBytes is the size of the longest token that is verified. API Gateway
	// accepts at most 10,240 bytes of headers.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	MaxBytes = 8 << 10

	// MaxSubjectBytes is the length of the longest subject.
	// https://openid.net/specs/openid-connect-core-1_0.html#IDToken
	MaxSubjectBytes = 255

	// leeway is how far the signer's clock may be ahead.
	leeway = time.Minute

	// MinKeyBytes is the least length of a key for HS256.
	// https://www.rfc-editor.org/rfc/rfc7518#section-3.2
	MinKeyBytes = 32
)

// Errors of Verify. Their texts are logged and hold no part of the token.
var (
	ErrMalformed = errors.New("malformed")
	ErrSignature = errors.New("signed with another key")
	ErrSubject   = errors.New("without a subject")
	ErrExpired   = errors.New("expired")
	ErrTooEarly  = errors.New("not valid yet")
)

// Sign returns a token for the subject that is valid until expires. It fails
// when the key has fewer than MinKeyBytes bytes, or the subject does not have 1
// to MaxSubjectBytes bytes.
func Sign(key []byte, subject string, expires time.Time) (string, error) {
	if !ValidSubject(subject) {
		return "", fmt.Errorf("sign a token: a subject has 1 to %d bytes", MaxSubjectBytes)
	}
	if len(key) < MinKeyBytes {
		return "", fmt.Errorf("sign a token: the key has %d bytes; use one of at least %d", len(key), MinKeyBytes)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(jwt.Claims{Subject: subject, Expiry: jwt.NewNumericDate(expires)}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Verify returns the token's subject. It fails with ErrMalformed, ErrSignature,
// ErrSubject, ErrExpired or ErrTooEarly. It accepts HS256 only, whatever
// algorithm the token names.
func Verify(key []byte, token string, now time.Time) (subject string, err error) {
	if len(token) > MaxBytes {
		return "", ErrMalformed
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return "", ErrMalformed
	}
	var claims jwt.Claims
	if err := parsed.Claims(key, &claims); errors.Is(err, jose.ErrCryptoFailure) {
		return "", ErrSignature
	} else if err != nil {
		return "", ErrMalformed
	}
	switch {
	case !ValidSubject(claims.Subject):
		return "", ErrSubject
	case claims.Expiry == nil || !now.Before(claims.Expiry.Time()):
		return "", ErrExpired
	case after(claims.NotBefore, now), after(claims.IssuedAt, now):
		return "", ErrTooEarly
	}
	return claims.Subject, nil
}

// after reports whether date is set and later than now, with the leeway.
func after(date *jwt.NumericDate, now time.Time) bool {
	return date != nil && date.Time().After(now.Add(leeway))
}

// ValidSubject reports whether s has 1 to MaxSubjectBytes bytes.
func ValidSubject(s string) bool { return 0 < len(s) && len(s) <= MaxSubjectBytes }
