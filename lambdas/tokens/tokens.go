// Package tokens signs and verifies the bearer tokens of a stack that has no
// issuer: JSON Web Tokens under a key that the stack keeps in a secret.
package tokens

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// MaxBytes is the size of the longest token that is looked at. API Gateway
	// lets 10,240 bytes of headers pass.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	MaxBytes = 8 << 10

	// MaxSubjectBytes is the length of the longest subject.
	// https://openid.net/specs/openid-connect-core-1_0.html#IDToken
	MaxSubjectBytes = 255

	// leeway is how far the clock of who signed may be ahead.
	leeway = time.Minute

	// MinKeyBytes is the least that a key of HS256 has.
	// https://www.rfc-editor.org/rfc/rfc7518#section-3.2
	MinKeyBytes = 32
)

// Why a token is refused. The texts are for the log and hold nothing of it.
var (
	ErrMalformed = errors.New("malformed")
	ErrSignature = errors.New("signed with another key")
	ErrSubject   = errors.New("without a subject")
	ErrExpired   = errors.New("expired")
	ErrTooEarly  = errors.New("not valid yet")
)

// Sign makes a token for the subject that is valid until expires, in seconds.
// The key has at least 32 bytes, and the subject 1 to 255: it fails for others.
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

// Verify returns the token's subject. It fails with one of the errors above.
// HS256 is the one algorithm: what a token says of its own decides nothing.
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

// after reports whether a time that a token may have is still to come.
func after(date *jwt.NumericDate, now time.Time) bool {
	return date != nil && date.Time().After(now.Add(leeway))
}

// ValidSubject reports whether a subject has a length that one can have.
func ValidSubject(s string) bool { return 0 < len(s) && len(s) <= MaxSubjectBytes }
