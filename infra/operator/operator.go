// Package operator contains what the commands for operators share: they read
// and write secrets of a stack. They use the credentials in the environment,
// like any AWS tool.
package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// Timeout limits the calls of a command, which makes at most two.
const Timeout = 30 * time.Second

// ErrNoValue is the error for a secret without a value.
var ErrNoValue = errors.New("has no value")

// Secret is a secret in Secrets Manager.
type Secret struct {
	name   string
	client *secretsmanager.Client
}

// OpenSecret returns the secret with this name or ARN. It uses the region and
// the credentials of the environment, or of the profile that the environment
// names. It makes no call. It returns an error if the configuration is invalid
// or has no region.
func OpenSecret(ctx context.Context, name string) (*Secret, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region is set; set AWS_REGION to the stack's region")
	}
	return &Secret{name: name, client: secretsmanager.NewFromConfig(cfg)}, nil
}

// Value returns the secret's value. The error is ErrNoValue if the secret has
// none.
func (s *Secret) Value(ctx context.Context) (string, error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.name})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		if _, err := s.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.name}); err != nil {
			return "", fmt.Errorf("there is no secret %s in this account and region; the output secretNames of the stack lists the names: %w", s.name, err)
		}
		return "", fmt.Errorf("secret %s: %w", s.name, ErrNoValue)
	}
	if err != nil {
		return "", fmt.Errorf("read secret %s: %w", s.name, err)
	}
	return aws.ToString(out.SecretString), nil
}

// SetValue sets the secret's value. Secrets Manager keeps the previous value as
// the version AWSPREVIOUS.
func (s *Secret) SetValue(ctx context.Context, value string) error {
	if _, err := s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &s.name, SecretString: &value}); err != nil {
		return fmt.Errorf("write secret %s: %w", s.name, err)
	}
	return nil
}
