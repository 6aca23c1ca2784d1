package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// secret is a Secrets Manager secret with its declaration.
type secret struct {
	lambdas.Secret
	made *secretsmanager.Secret
}

// newSecrets declares the secrets without their values, because Pulumi would
// store a value in its state. Pulumi generates the name: a deleted secret keeps
// its name during the recovery window, and a new stack needs another one.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
func newSecrets(s *stack, declared []lambdas.Secret) (secrets []secret, err error) {
	for _, d := range declared {
		made, err := secretsmanager.NewSecret(s.ctx, d.Name, &secretsmanager.SecretArgs{
			Description:          pulumi.String(d.Description),
			RecoveryWindowInDays: pulumi.Int(s.cfg.SecretRecoveryDays),
		}, s.in)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret{d, made})
	}
	return secrets, nil
}

// places returns the place of the secret. Functions get its ARN, never its
// value.
func (x secret) places() places {
	return places{lambdas.Resource{Secret: x.Name}: {
		arn: x.made.Arn, variables: pulumi.StringMap{label(x.Name).variable("SECRET"): x.made.Arn}}}
}
