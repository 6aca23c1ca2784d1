package tokens

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const testKey = "a key of more than thirty-two bytes"

func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	token, err := Sign([]byte(testKey), "someone", now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key, token string
		now        time.Time
		want       error
	}{
		"good":            {testKey, token, now(), nil},
		"last second":     {testKey, token, now().Add(time.Hour - time.Second), nil},
		"expired":         {testKey, token, now().Add(time.Hour), ErrExpired},
		"another key":     {testKey + "!", token, now(), ErrSignature},
		"changed":         {testKey, strings.Replace(token, ".", ".e", 1), now(), ErrSignature},
		"no signature":    {testKey, token[:strings.LastIndex(token, ".")+1], now(), ErrSignature},
		"two parts":       {testKey, token[:strings.LastIndex(token, ".")], now(), ErrMalformed},
		"empty":           {testKey, "", now(), ErrMalformed},
		"not base64":      {testKey, "a.b.ü", now(), ErrMalformed},
		"JSON":            {testKey, `{"payload":"e30","signatures":[]}`, now(), ErrMalformed},
		"longer than all": {testKey, token + strings.Repeat("A", MaxBytes), now(), ErrMalformed},
	} {
		subject, err := Verify([]byte(c.key), c.token, c.now)
		if !errors.Is(err, c.want) || (subject == "someone") != (c.want == nil) {
			t.Errorf("%s: %q, %v", name, subject, err)
		}
	}
}

// signed returns a token with any algorithm and claims.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, claims string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: []byte(testKey + testKey)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	text, err := token.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// In these claims, 1772366400 is now.
func TestClaims(t *testing.T) {
	t.Parallel()
	for claims, want := range map[string]error{
		`{"sub":"a","exp":1772366401}`:                                   nil,
		`{"sub":"a","exp":1772366401,"nbf":1772366460,"iat":1772366460}`: nil,
		`{"sub":"a","exp":1772366999,"nbf":1772366461}`:                  ErrTooEarly,
		`{"sub":"a","exp":1772366999,"iat":1772366461}`:                  ErrTooEarly,
		`{"sub":"a","exp":1772366400}`:                                   ErrExpired,
		`{"sub":"a","exp":0}`:                                            ErrExpired,
		`{"sub":"a","exp":null}`:                                         ErrExpired,
		`{"sub":"a"}`:                                                    ErrExpired,
		`{"exp":1772366401}`:                                             ErrSubject,
		`{"sub":"","exp":1772366401}`:                                    ErrSubject,
		`{"sub":"` + strings.Repeat("s", 256) + `","exp":1772366401}`:    ErrSubject,
		`{"sub":1,"exp":1772366401}`:                                     ErrMalformed,
		`{"sub":"a","exp":"1772366401"}`:                                 ErrMalformed,
		`{"sub":"a","exp":1e400}`:                                        ErrMalformed,
		`{"sub":"a","Exp":1772366401}`:                                   ErrExpired,
		`{"sub":"a","sub":"b","exp":1772366401}`:                         ErrMalformed,
		`[]`:                                                             ErrMalformed,
		`text`:                                                           ErrMalformed,
	} {
		_, err := Verify([]byte(testKey+testKey), signed(t, jose.HS256, claims), now())
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", claims, err, want)
		}
	}
}

// Verify ignores the algorithm that a token names.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	const claims = `{"sub":"a","exp":1772366401}`
	encode := base64.RawURLEncoding.EncodeToString
	for name, token := range map[string]string{
		"HS512":     signed(t, jose.HS512, claims),
		"none":      encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(claims)) + ".",
		"none, odd": encode([]byte(`{"alg":"None"}`)) + "." + encode([]byte(claims)) + ".",
		"RS256":     encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims)) + ".AAAA",
		"critical":  encode([]byte(`{"alg":"HS256","crit":["b64"],"b64":false}`)) + "." + encode([]byte(claims)) + ".AAAA",
	} {
		if subject, err := Verify([]byte(testKey+testKey), token, now()); err == nil {
			t.Errorf("%s: %q", name, subject)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, subject, want string }{
		{testKey[:31], "a", "use one of at least 32"},
		{testKey, "", "a subject has 1 to 255 bytes"},
		{testKey, strings.Repeat("s", 256), "a subject has 1 to 255 bytes"},
	} {
		if token, err := Sign([]byte(c.key), c.subject, now()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %s, %v", c, token, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	good, err := Sign([]byte(testKey), "someone", now().Add(time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	end := strings.LastIndex(good, ".")
	claims, signature := good[:end], good[end:len(good)-1] // without the last digit, which has unused bits
	f.Add(good)
	f.Add(good + "\n")
	f.Add("a.b.c")
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Fuzz(func(t *testing.T, token string) {
		subject, err := Verify([]byte(testKey), token, now())
		// The base64 decoder ignores line ends, and the unused bits of the last
		// digit. Verify must refuse every other change of the token.
		what, _, _ := strings.Cut(strings.NewReplacer("\r", "", "\n", "").Replace(token), signature)
		if (err == nil && (what != claims || subject != "someone")) || (err != nil && token == good) {
			t.Errorf("%q: %q, %v", token, subject, err)
		}
	})
}
