package main

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// issuer describes who signs the tokens if the stack's own key does not.
type issuer struct {
	url       pulumi.StringInput      // equals the claim iss of a token
	audiences pulumi.StringArrayInput // the claim aud of a token contains one of them
}

// newIssuer returns the issuer of the stack's tokens, or nil if the stack's own
// key signs them. An issuer may also be a resource of this stack: its URL and
// audiences may be outputs.
func newIssuer(s *stack) (*issuer, error) {
	if s.cfg.Issuer == "" {
		return nil, nil
	}
	return &issuer{url: pulumi.String(s.cfg.Issuer), audiences: pulumi.ToStringArray(s.cfg.Audiences)}, nil
}

// joined returns the audiences, separated by commas, as a function reads them.
func (i *issuer) joined() pulumi.StringOutput {
	return i.audiences.ToStringArrayOutput().ApplyT(func(audiences []string) string {
		return strings.Join(audiences, ",")
	}).(pulumi.StringOutput)
}
