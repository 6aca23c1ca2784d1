package iam

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the OpenID Connect provider type, and of the function that finds
// one.
const (
	OIDCProviderToken    = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	GetOIDCProviderToken = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider"
)

// See
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html.
const (
	maxAudiences   = 100
	maxThumbprints = 5
	maxProviderURL = 255 // characters; the limit for an audience, too
)

var thumbprintForm = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

// OIDCProvider holds the inputs of an OpenID Connect provider: an issuer whose
// tokens an account accepts. Thumbprints have no effect here, because no key is
// fetched.
type OIDCProvider struct {
	URL         string            `json:"url" aws:"required,replace"`
	Audiences   []string          `json:"clientIdLists" aws:"required"`
	Thumbprints []string          `json:"thumbprintLists,omitempty" aws:"idle"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// OIDCProviderOutputs holds the outputs that AWS adds to a provider.
type OIDCProviderOutputs struct {
	ARN         string   `json:"arn"`
	Thumbprints []string `json:"thumbprintLists"`
}

// oidcProviders returns the resource type of OpenID Connect providers. An
// account has one provider for each URL, and the ARN contains the URL.
func oidcProviders(a *Authority) *provider.Resource[OIDCProvider, OIDCProviderOutputs] {
	return &provider.Resource[OIDCProvider, OIDCProviderOutputs]{
		Token: OIDCProviderToken,
		Check: checkOIDCProvider,
		ID:    func(c provider.Call, in OIDCProvider) string { return oidcProviderARN(c.Account, in.URL) },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[OIDCProvider]) error {
			return r.Inputs.complete()
		},
		Update: func(_ context.Context, _ provider.Call, old store.Record[OIDCProvider], r *store.Record[OIDCProvider]) error {
			// Thumbprints that the program leaves out stay unchanged.
			if len(r.Inputs.Thumbprints) == 0 {
				r.Inputs.Thumbprints = old.Inputs.Thumbprints
			}
			return r.Inputs.complete()
		},
		Actions: global(oidcProviderActions),
		Describe: func(r store.Record[OIDCProvider]) OIDCProviderOutputs {
			return OIDCProviderOutputs{ARN: r.ID, Thumbprints: thumbprints(r.Inputs)}
		},
	}
}

// complete refuses a provider without audiences. Check cannot do that, because
// a preview may not know them.
func (in OIDCProvider) complete() error {
	if len(in.Audiences) == 0 {
		return errors.New("clientIdLists: at least one audience is required")
	}
	return nil
}

func oidcProviderARN(account, issuer string) string {
	return arn.New("iam", "", account, "oidc-provider/"+strings.TrimPrefix(issuer, "https://"))
}

// thumbprints returns the program's thumbprints, or an invented one where IAM
// would fetch it.
func thumbprints(in OIDCProvider) []string {
	if len(in.Thumbprints) > 0 {
		return in.Thumbprints
	}
	sum := sha1.Sum([]byte(in.URL))
	return []string{hex.EncodeToString(sum[:])}
}

// checkOIDCProvider reports what
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
// rejects.
func checkOIDCProvider(in OIDCProvider) []provider.Problem {
	var problems provider.Problems
	if reason := providerURLProblem(in.URL); in.URL != "" && reason != "" {
		problems.Add("url", "%q %s", in.URL, reason)
	}
	problems.AtMost("clientIdLists", len(in.Audiences), maxAudiences, "audiences")
	for i, audience := range in.Audiences {
		if n := len(audience); n < 1 || n > maxProviderURL {
			problems.Add(fmt.Sprintf("clientIdLists[%d]", i), "has %d characters; it must have 1 to %d", n, maxProviderURL)
		}
	}
	problems.AtMost("thumbprintLists", len(in.Thumbprints), maxThumbprints, "thumbprints")
	for i, t := range in.Thumbprints {
		if !thumbprintForm.MatchString(t) {
			problems.Add(fmt.Sprintf("thumbprintLists[%d]", i), "%q is not the 40 hex digits of a SHA-1", t)
		}
	}
	return problems
}

func providerURLProblem(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "":
		return "must begin with https://"
	case u.Port() != "":
		return "must not have a port"
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "must be a host, with an optional path"
	case len(text) > maxProviderURL:
		return fmt.Sprintf("has %d characters; at most %d", len(text), maxProviderURL)
	}
	return ""
}

// GetOIDCProvider implements GetOIDCProviderToken: it returns a provider of the
// caller's account, by ARN or by URL. It is a provider.Invoke.
func (a *Authority) GetOIDCProvider(c provider.Call, args map[string]any) (map[string]any, error) {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if args[name] != nil && name != "arn" && name != "url" {
			return nil, fmt.Errorf("%s: the local cloud does not know the argument %s; it knows arn, url", GetOIDCProviderToken, name)
		}
	}
	id, _ := args["arn"].(string)
	issuer, _ := args["url"].(string)
	if (id == "") == (issuer == "") {
		return nil, fmt.Errorf("%s needs either arn or url", GetOIDCProviderToken)
	}
	// To find one by URL, the provider lists all providers first. See
	// internal/service/iam/openid_connect_provider_data_source.go of
	// terraform-provider-aws 5.100.0.
	var actions []provider.Action
	if id == "" {
		id = oidcProviderARN(c.Account, issuer)
		actions = provider.On(provider.Anything, "iam:ListOpenIDConnectProviders")
	}
	if err := c.Permit(inIAM(append(actions, provider.On(id, "iam:GetOpenIDConnectProvider")...))...); err != nil {
		return nil, fmt.Errorf("%s: %w", GetOIDCProviderToken, err)
	}
	r, err := store.Get[OIDCProvider](a.db, OIDCProviderToken, id)
	if err == nil && r.Account != c.Account {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, awserr.New("NoSuchEntity", "OpenIDConnect Provider %s in account %s: %w", id, c.Account, err)
	}
	tags := map[string]any{}
	for name, value := range r.Tags {
		tags[name] = value
	}
	return map[string]any{
		"arn": r.ID, "id": r.ID, "tags": tags, "clientIdLists": list(r.Inputs.Audiences), "thumbprintLists": list(thumbprints(r.Inputs)),
		"url": strings.TrimPrefix(r.Inputs.URL, "https://"), // IAM returns it without the scheme
	}, nil
}

func list(words []string) []any {
	all := []any{}
	for _, w := range words {
		all = append(all, w)
	}
	return all
}
