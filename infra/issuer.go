package main

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// issuer signs bearer tokens in place of the stack's own key.
type issuer struct {
	url       pulumi.StringInput      // as the tokens' iss
	audiences pulumi.StringArrayInput // any of which a token's aud must have
}

// newIssuer returns the issuer of the stack's tokens, and nil where the stack's
// own key signs them. An issuer may also be declared here: its URL and audiences
// may be outputs of resources.
func newIssuer(s *stack) (*issuer, error) {
	return issuerInSettings(s)
}

// issuerInSettings returns the issuer that the settings name, and nil for none.
func issuerInSettings(s *stack) (*issuer, error) {
	if s.cfg.Issuer == "" {
		return nil, nil
	}
	return &issuer{url: pulumi.String(s.cfg.Issuer), audiences: pulumi.ToStringArray(s.cfg.Audiences)}, nil
}

// joined are the audiences as a function reads them, with commas between them.
func (i *issuer) joined() pulumi.StringOutput {
	return i.audiences.ToStringArrayOutput().ApplyT(func(audiences []string) string {
		return strings.Join(audiences, ",")
	}).(pulumi.StringOutput)
}
