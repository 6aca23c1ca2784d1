package authorizer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"skiff/lambdas/function"
	"skiff/lambdas/names"
)

func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// provider is a fake OpenID Connect provider whose responses a test can change.
type provider struct {
	url string

	mutex     sync.Mutex
	signer    *ecdsa.PrivateKey
	kid       string
	discovery string // replaces the valid document
	keys      string // replaces the valid keys
	status    int
	calls     int
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	p.rotate(t, "first")
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *provider) rotate(t *testing.T, kid string) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.change(func() { p.signer, p.kid = signer, kid })
}

func (p *provider) change(f func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	f()
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.calls++
	if p.status != 0 {
		w.WriteHeader(p.status)
		io.WriteString(w, strings.Repeat("an error page ", 100))
		return
	}
	body := p.discovery
	switch {
	case r.URL.Path == "/keys":
		keys, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.signer.Public(), KeyID: p.kid, Algorithm: "ES256", Use: "sig"}}})
		if body = p.keys; body == "" {
			body = string(keys)
		}
	case body == "":
		body = fmt.Sprintf(`{"issuer":%q,"jwks_uri":"%s/keys"}`, p.url, p.url)
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, body)
}

// token returns a token of the provider for the first audience, with the
// changes. A nil value removes a claim.
func (p *provider) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": p.url, "aud": "app-1", "sub": "someone", "exp": now().Add(time.Hour).Unix()}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.signer, KeyID: p.kid}}
	return sign(t, key, payload)
}

func sign(t *testing.T, key jose.SigningKey, payload []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newTestIssuer(t *testing.T, url string) *issuer {
	t.Helper()
	environment := map[string]string{names.IssuerVariable: url, names.AudiencesVariable: "app-1, app-2"}
	v, err := newIssuer(function.Environment{Getenv: func(name string) string { return environment[name] }})
	if err != nil {
		t.Fatal(err)
	}
	i := v.(*issuer)
	i.now = now
	return i
}

func TestIssuer(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	i := newTestIssuer(t, p.url)
	good := p.token(t, nil)
	const notIssuers = "a token that is not the issuer's, or not valid yet"
	for name, c := range map[string]struct{ token, want string }{
		"good":              {good, ""},
		"second audience":   {p.token(t, map[string]any{"aud": "app-2"}), ""},
		"one of several":    {p.token(t, map[string]any{"aud": []string{"other", "app-1"}}), ""},
		"another audience":  {p.token(t, map[string]any{"aud": "app"}), "a token for another audience"},
		"no audience":       {p.token(t, map[string]any{"aud": nil}), "a token for another audience"},
		"both in one":       {p.token(t, map[string]any{"aud": "app-1, app-2"}), "a token for another audience"},
		"another issuer":    {p.token(t, map[string]any{"iss": "https://example.com"}), notIssuers},
		"expired":           {p.token(t, map[string]any{"exp": now().Unix() - 1}), "a token that is expired"},
		"without an expiry": {p.token(t, map[string]any{"exp": nil}), "a token that is expired"},
		"too early":         {p.token(t, map[string]any{"nbf": now().Add(time.Hour).Unix()}), notIssuers},
		"without a subject": {p.token(t, map[string]any{"sub": ""}), "a token without a subject"},
		"changed":           {good[:len(good)-4] + "AAAA", notIssuers},
		"malformed":         {"x", notIssuers},
		"shared key": {sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))},
			[]byte(fmt.Sprintf(`{"iss":%q,"aud":"app-1","sub":"a","exp":%d}`, p.url, now().Unix()+60))), notIssuers},
	} {
		subject, err := i.Subject(t.Context(), c.token)
		var refusal *Refusal
		if c.want == "" && (err != nil || subject != "someone") || c.want != "" && (!errors.As(err, &refusal) || refusal.Reason != c.want) {
			t.Errorf("%s: %q, %v", name, subject, err)
		}
	}
}

// The keys are fetched for the first token, and again for a token that is
// signed with a new key. No other token fetches them.
func TestIssuerKeysAreKept(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	i := newTestIssuer(t, p.url)
	for n, want := range []int{2, 2, 3, 3} { // the first token also fetches their address
		if n == 2 {
			p.rotate(t, "second")
		}
		if subject, err := i.Subject(t.Context(), p.token(t, nil)); err != nil || subject != "someone" || p.calls != want {
			t.Errorf("token %d: %q, %v, %d calls", n, subject, err, p.calls)
		}
	}
}

// While an issuer does not answer, no token is accepted and none is refused:
// the function fails.
func TestIssuerFails(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*provider){
		"down":                  func(p *provider) { p.status = 503 },
		"not found":             func(p *provider) { p.status = 404 },
		"no JSON":               func(p *provider) { p.discovery = "<html>" + strings.Repeat("x", 100_000) },
		"of another":            func(p *provider) { p.discovery = `{"issuer":"https://example.com","jwks_uri":"https://example.com"}` },
		"without keys":          func(p *provider) { p.discovery = fmt.Sprintf(`{"issuer":%q}`, p.url) },
		"keys that are no JSON": func(p *provider) { p.keys = "<html>" },
		"keys elsewhere":        func(p *provider) { p.discovery = fmt.Sprintf(`{"issuer":%q,"jwks_uri":"http://127.0.0.1:1/"}`, p.url) },
	} {
		p := newProvider(t)
		i := newTestIssuer(t, p.url)
		p.change(func() { harm(p) })
		_, err := i.Subject(t.Context(), p.token(t, nil))
		var refusal *Refusal
		if err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "the issuer does not ") || len(err.Error()) > 300 {
			t.Errorf("%s: %v", name, err)
		}
		if name == "keys elsewhere" {
			continue // a discovered address is cached
		}
		p.change(func() { p.status, p.discovery, p.keys = 0, "", "" })
		if subject, err := i.Subject(t.Context(), p.token(t, nil)); err != nil || subject != "someone" {
			t.Errorf("%s, after the issuer works again: %q, %v", name, subject, err)
		}
	}
}

func TestIssuerSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, audiences, want string }{
		{"https://example.com", "", names.AudiencesVariable + " is not set"},
		{"https://example.com", "a,,b", "with commas between them"},
		{"http://example.com", "a", "set it to an HTTPS URL"},
		{"http://127.0.0.1.example.com", "a", "set it to an HTTPS URL"},
		{"example.com", "a", "set it to an HTTPS URL"},
		{"https://", "a", "set it to an HTTPS URL"},
		{"https://example.com/tenant/", "a,b", ""},
		{"http://localhost:1234", "a", ""},
		{"http://[::1]:1234", "a", ""},
	} {
		environment := map[string]string{names.IssuerVariable: c.url, names.AudiencesVariable: c.audiences}
		_, err := Open(function.Environment{Getenv: func(name string) string { return environment[name] }})
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %v", c, err)
		}
	}
}
