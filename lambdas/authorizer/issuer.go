package authorizer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"skiff/lambdas/function"
	"skiff/lambdas/names"
	"skiff/lambdas/tokens"
)

// issuerTime is for one call to the issuer. Two of them, for where its keys
// are and for the keys, fit the ten seconds of an authorizer many times over.
const issuerTime = 2 * time.Second

// algorithms are the ones of OpenID Connect with a public key. A token under
// a shared key, or under none, is nobody's.
func algorithms() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
		oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
	}
}

// issuer verifies tokens of an OpenID Connect provider. Its keys are fetched
// with the first token, and again with one that names a key it has not seen.
type issuer struct {
	url       string
	audiences []string
	client    *http.Client
	now       func() time.Time

	mutex sync.Mutex
	keys  oidc.KeySet // nil until the provider told where they are
}

// newIssuer reads TOKEN_ISSUER, an HTTPS URL, and TOKEN_AUDIENCES, at least
// one, of which a token must name one. Plain HTTP will do for an issuer on the
// same machine.
func newIssuer(e function.Environment) (Verifier, error) {
	list, err := e.Setting(names.AudiencesVariable)
	if err != nil {
		return nil, err
	}
	i := &issuer{url: e.Getenv(names.IssuerVariable), client: &http.Client{Timeout: issuerTime}, now: time.Now}
	if u, err := url.Parse(i.url); err != nil || u.Host == "" || (u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname()))) {
		return nil, fmt.Errorf("%s is %q; set it to an HTTPS URL", names.IssuerVariable, i.url)
	}
	for audience := range strings.SplitSeq(list, ",") {
		if audience = strings.TrimSpace(audience); audience == "" {
			return nil, fmt.Errorf("%s is %q; set it to audiences with commas between them", names.AudiencesVariable, list)
		}
		i.audiences = append(i.audiences, audience)
	}
	return i, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// Subject fails with another error than a *Refusal when the issuer does not
// give its keys.
func (i *issuer) Subject(ctx context.Context, token string) (string, error) {
	keys, err := i.keySet(ctx)
	if err != nil {
		return "", err
	}
	asked := &askedKeys{KeySet: keys}
	verifier := oidc.NewVerifier(i.url, asked, &oidc.Config{
		SkipClientIDCheck: true, // there may be several audiences
		Now:               i.now, SupportedSigningAlgs: algorithms(),
	})
	verified, err := verifier.Verify(ctx, token)
	var expired *oidc.TokenExpiredError
	switch {
	case asked.failure != nil:
		return "", issuerFailure("give its keys", asked.failure)
	case errors.As(err, &expired):
		return "", &Refusal{"a token that is expired"}
	case err != nil:
		// The library's texts may show claims.
		return "", &Refusal{"a token that is not the issuer's, or not valid yet"}
	case !slices.ContainsFunc(verified.Audience, func(a string) bool { return slices.Contains(i.audiences, a) }):
		return "", &Refusal{"a token for another audience"}
	case !tokens.ValidSubject(verified.Subject):
		return "", &Refusal{"a token that is without a subject"}
	}
	return verified.Subject, nil
}

// keySet asks the issuer where its keys are, until it has told.
// https://openid.net/specs/openid-connect-discovery-1_0.html
func (i *issuer) keySet(ctx context.Context) (oidc.KeySet, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if i.keys != nil {
		return i.keys, nil
	}
	ctx = oidc.ClientContext(ctx, i.client)
	provider, err := oidc.NewProvider(ctx, i.url)
	if err != nil {
		return nil, issuerFailure("tell where its keys are", err)
	}
	var told struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&told); err != nil || told.Keys == "" {
		return nil, issuerFailure("tell where its keys are", errors.New("no jwks_uri"))
	}
	i.keys = oidc.NewRemoteKeySet(ctx, told.Keys)
	return i.keys, nil
}

// issuerFailure is about an issuer that did not do what was asked of it. Of
// the library's text, which may hold a whole page, the start will do.
func issuerFailure(asked string, err error) error {
	return fmt.Errorf("the issuer does not %s: %.200s", asked, err.Error())
}

// askedKeys keeps the failure of a question to the issuer, which the verifier
// does not tell from a signature that is wrong.
type askedKeys struct {
	oidc.KeySet
	failure error
}

// VerifySignature is that of the key set. Of its errors, the one that wraps
// another is about fetching keys.
func (k *askedKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, token)
	k.failure = errors.Unwrap(err)
	return payload, err
}
