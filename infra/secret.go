package main

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// secrets are the stack's two. Each is for one purpose and read by one
// function. Their values are put in by an operator: a value that Pulumi knew
// would be in its state.
type secrets struct {
	tokenKey  *secretsmanager.Secret // nil: tokens come from an issuer, or are decided on by another stack
	cursorKey *secretsmanager.Secret
}

// newSecrets declares them without a value. A deleted secret keeps its name for
// the days of its recovery window; auto-named ones do not stand in each other's
// way.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
func newSecrets(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption) (*secrets, error) {
	var s secrets
	var err error
	if cfg.Issuer == "" && cfg.AttachTo == "" {
		s.tokenKey, err = secretsmanager.NewSecret(ctx, "token-key", &secretsmanager.SecretArgs{
			Description:          pulumi.String("Signs the bearer tokens of the API"),
			RecoveryWindowInDays: pulumi.Int(cfg.SecretRecoveryDays),
		}, in)
		if err != nil {
			return nil, err
		}
	}
	s.cursorKey, err = secretsmanager.NewSecret(ctx, "cursor-key", &secretsmanager.SecretArgs{
		Description:          pulumi.String("Signs the cursors of lists"),
		RecoveryWindowInDays: pulumi.Int(cfg.SecretRecoveryDays),
	}, in)
	return &s, err
}

// places are where the secrets are. The one who decides on an issuer's tokens is
// told of the issuer in place of the key.
func (s *secrets) places(cfg config) places {
	token := place{variables: pulumi.StringMap{
		names.IssuerVariable:    pulumi.String(cfg.Issuer),
		names.AudiencesVariable: pulumi.String(strings.Join(cfg.Audiences, ",")),
	}}
	if s.tokenKey != nil {
		token = place{s.tokenKey.Arn, pulumi.StringMap{names.TokenKeyVariable: s.tokenKey.Arn}}
	}
	return places{
		lambdas.TokenKey:  token,
		lambdas.CursorKey: {s.cursorKey.Arn, pulumi.StringMap{names.CursorKeyVariable: s.cursorKey.Arn}},
	}
}

// outputs are the secrets' names, for the operator who puts in their values.
func (s *secrets) outputs() pulumi.StringMap {
	all := pulumi.StringMap{"cursorKey": s.cursorKey.Name}
	if s.tokenKey != nil {
		all["tokenKey"] = s.tokenKey.Name
	}
	return all
}
