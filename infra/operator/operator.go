// Package operator is what the commands of people have in common: they reach
// the account that the environment has credentials of, as any tool of AWS does.
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

// Timeout bounds a command: it makes two calls at most.
const Timeout = 30 * time.Second

// ErrNoValue is a secret that holds no value yet.
var ErrNoValue = errors.New("has no value")

// Secret is one secret of Secrets Manager.
type Secret struct {
	name   string
	client *secretsmanager.Client
}

// OpenSecret finds the secret by name or ARN, with the credentials and the
// region of the environment or of the profile that it names. It makes no call.
func OpenSecret(ctx context.Context, name string) (*Secret, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region is set; set AWS_REGION to the stack's")
	}
	return &Secret{name: name, client: secretsmanager.NewFromConfig(cfg)}, nil
}

// Value is the secret's value. It fails with ErrNoValue where there is none.
func (s *Secret) Value(ctx context.Context) (string, error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.name})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		if _, err := s.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.name}); err != nil {
			return "", fmt.Errorf("there is no secret %s here; secretNames among the stack's outputs has their names: %w", s.name, err)
		}
		return "", fmt.Errorf("secret %s: %w", s.name, ErrNoValue)
	}
	if err != nil {
		return "", fmt.Errorf("read secret %s: %w", s.name, err)
	}
	return aws.ToString(out.SecretString), nil
}

// SetValue puts a value in. The one before stays as AWSPREVIOUS.
func (s *Secret) SetValue(ctx context.Context, value string) error {
	if _, err := s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &s.name, SecretString: &value}); err != nil {
		return fmt.Errorf("write secret %s: %w", s.name, err)
	}
	return nil
}
