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

// issuerTime is the timeout of one call to the issuer. A token needs at most
// two: one for the address of the keys, one for the keys. Both fit into the ten
// seconds of an authorizer.
const issuerTime = 2 * time.Second

// algorithms returns the algorithms of OpenID Connect that use a public key. A
// token with a shared key, or without a signature, proves nothing.
func algorithms() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
		oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
	}
}

// issuer verifies the tokens of an OpenID Connect provider. It fetches the
// provider's keys for the first token, and again for a token that names an
// unknown key.
type issuer struct {
	url       string
	audiences []string
	client    *http.Client
	now       func() time.Time

	mutex sync.Mutex
	keys  oidc.KeySet // nil until the provider has returned their address
}

// newIssuer reads TOKEN_ISSUER, an HTTPS URL, and TOKEN_AUDIENCES, one or more
// audiences. A token must name one of them. Plain HTTP is allowed for an issuer
// on the same machine.
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

// Subject implements Verifier. It fails with another error than a *Refusal when
// the issuer does not return its keys.
func (i *issuer) Subject(ctx context.Context, token string) (string, error) {
	keys, err := i.keySet(ctx)
	if err != nil {
		return "", err
	}
	recorded := &recordedKeys{KeySet: keys}
	verifier := oidc.NewVerifier(i.url, recorded, &oidc.Config{
		SkipClientIDCheck: true, // there may be several audiences
		Now:               i.now, SupportedSigningAlgs: algorithms(),
	})
	verified, err := verifier.Verify(ctx, token)
	var expired *oidc.TokenExpiredError
	switch {
	case recorded.failure != nil:
		return "", issuerFailure("return its keys", recorded.failure)
	case errors.As(err, &expired):
		return "", &Refusal{"a token that is expired"}
	case err != nil:
		// The library's error texts may hold claims.
		return "", &Refusal{"a token that is not the issuer's, or not valid yet"}
	case !slices.ContainsFunc(verified.Audience, func(a string) bool { return slices.Contains(i.audiences, a) }):
		return "", &Refusal{"a token for another audience"}
	case !tokens.ValidSubject(verified.Subject):
		return "", &Refusal{"a token without a subject"}
	}
	return verified.Subject, nil
}

// keySet returns the issuer's keys. It asks the issuer for their address until
// a call succeeds.
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
		return nil, issuerFailure("return the address of its keys", err)
	}
	var discovery struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&discovery); err != nil || discovery.Keys == "" {
		return nil, issuerFailure("return the address of its keys", errors.New("no jwks_uri"))
	}
	i.keys = oidc.NewRemoteKeySet(ctx, discovery.Keys)
	return i.keys, nil
}

// issuerFailure returns the error of a call to the issuer. It cuts the
// library's text, which may hold a whole HTML page.
func issuerFailure(action string, err error) error {
	return fmt.Errorf("the issuer does not %s: %.200s", action, err.Error())
}

// recordedKeys records the error of a failed fetch of keys. The verifier
// reports it like a wrong signature.
type recordedKeys struct {
	oidc.KeySet
	failure error
}

// VerifySignature implements oidc.KeySet. Only an error that wraps another is
// about fetching keys.
func (k *recordedKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, token)
	k.failure = errors.Unwrap(err)
	return payload, err
}
