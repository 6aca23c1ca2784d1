package issuer

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, dir string) *Issuer {
	t.Helper()
	i, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// example returns the claims of a token that is valid for an hour.
func example() Claims {
	return Claims{
		Issuer: "https://issuer.example", Audience: "items", Subject: "ada", Scopes: []string{"read", "write"},
		Issued: time.Unix(1_800_000_000, 0), Expires: time.Unix(1_800_003_600, 0),
	}
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cloud")
	token, err := open(t, dir).Sign(example())
	if err != nil {
		t.Fatal(err)
	}
	// The key outlives the process that created it.
	claims, err := open(t, dir).Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"iss": "https://issuer.example", "aud": "items", "sub": "ada", "scope": "read write",
		"iat": json.Number("1800000000"), "exp": json.Number("1800003600"),
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, %v", info.Mode(), err)
	}
}

func TestOptionalClaims(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	c := example()
	c.Subject, c.Scopes = "", nil
	token, err := i.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := i.Verify(token)
	if err != nil || len(claims) != 4 {
		t.Errorf("claims %v, %v", claims, err)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	for want, change := range map[string]func(*Claims){
		"needs an issuer":    func(c *Claims) { c.Issuer = "" },
		"needs an audience":  func(c *Claims) { c.Audience = "" },
		"cannot expire at":   func(c *Claims) { c.Expires = c.Issued },
		"2027-01-15T08:00:0": func(c *Claims) { c.Expires = c.Issued.Add(-time.Hour) },
	} {
		c := example()
		change(&c)
		if token, err := i.Sign(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %q, %v; want %q", c, token, err, want)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	i := open(t, t.TempDir())
	token, err := i.Sign(example())
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	encoded := base64.RawURLEncoding.EncodeToString
	unsigned := encoded([]byte(`{"alg":"none","kid":"` + i.id + `"}`))
	raw := func(payload string) string {
		token, err := i.sign([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, test := range []struct {
		name, token string
		want        error
	}{
		{"empty", "", ErrSegments},
		{"two parts", parts[0] + "." + parts[1], ErrSegments},
		{"four parts", token + ".x", ErrSegments},
		{"no base64", "a.b.c", ErrMalformed},
		{"blanks around", " " + token, ErrMalformed},
		{"none", unsigned + "." + parts[1] + ".", ErrAlgorithm},
		{"HMAC with the public key's id", signed(t, jose.HS256, []byte(strings.Repeat("k", 32)), i.id), ErrAlgorithm},
		{"another RSA algorithm", signed(t, jose.RS512, i.key, i.id), ErrAlgorithm},
		{"another key", signed(t, jose.RS256, foreign, "other"), ErrKey},
		{"no key id", signed(t, jose.RS256, i.key, ""), ErrKey},
		{"another key by this one's name", signed(t, jose.RS256, foreign, i.id), ErrSignature},
		{"other claims", parts[0] + "." + encoded([]byte(`{"sub":"eve"}`)) + "." + parts[2], ErrSignature},
		{"no object", raw(`"ada"`), ErrMalformed},
		{"null", raw(`null`), ErrMalformed},
		{"two objects", raw(`{}{}`), ErrMalformed},
	} {
		if claims, err := i.Verify(test.token); !errors.Is(err, test.want) || claims != nil {
			t.Errorf("%s: %v, %v; want %v", test.name, claims, err, test.want)
		}
	}
}

// signed returns a token of the subject eve with a given header.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, id string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign([]byte(`{"sub":"eve"}`))
	if err != nil {
		t.Fatal(err)
	}
	token, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestOneKey checks that processes which start at the same time all use the key
// of the first.
func TestOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ids := make([]string, 4)
	var wg sync.WaitGroup
	for n := range ids {
		wg.Go(func() {
			if i, err := Open(dir); err != nil {
				t.Error(err)
			} else {
				ids[n] = i.id
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Errorf("keys %v", ids)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "no PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, keyFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "delete the file") {
			t.Errorf("%q: %v", text, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil {
		t.Error("a file is opened as a folder")
	}
}
