// Package secret reads a secret of Secrets Manager.
package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"skiff/lambdas/function"
)

// Reader reads one secret and caches its value (see function.Kept).
type Reader struct {
	*function.Kept

	client  *secretsmanager.Client
	arn     string
	minimum int
}

// NewReader returns a reader of the secret whose ARN is in the environment
// variable. minimum is the least number of bytes of a value: for a signing key,
// what its algorithm requires; for a third party's secret, 1. An empty value is
// always refused. NewReader fails when this variable, or one that Config needs,
// is missing.
func NewReader(e function.Environment, variable string, minimum int) (*Reader, error) {
	arn, err := e.Setting(variable)
	if err != nil {
		return nil, err
	}
	c, err := e.Config("SECRETS_MANAGER")
	if err != nil {
		return nil, err
	}
	r := &Reader{client: secretsmanager.NewFromConfig(c), arn: arn, minimum: minimum}
	r.Kept = function.Keep(r.read)
	return r, nil
}

// read reads the current version of the value. It fails with a
// *function.Unusable when there is no usable value, and with a
// *function.Failure when the call fails.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
func (r *Reader) read(ctx context.Context) (string, error) {
	out, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &r.arn})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent): // also returned for a secret without a value
		return "", r.unusable("has no value")
	case err != nil:
		return "", function.Fail(ctx, "secretsmanager:GetSecretValue", err)
	case out.SecretString == nil:
		return "", r.unusable("has a value that is not text")
	case *out.SecretString == "":
		return "", r.unusable("has an empty value")
	case len(*out.SecretString) < r.minimum:
		return "", r.unusable(fmt.Sprintf("has a value of fewer than %d bytes", r.minimum))
	}
	return *out.SecretString, nil
}

func (r *Reader) unusable(reason string) error {
	name := nameOf(r.arn)
	return &function.Unusable{Name: "secret " + name, Reason: reason, Remedy: "put one: go run ./infra/key " + name + ", with -stdin for a value from a third party"}
}

// nameOf returns the name in a secret's ARN. The ARN ends in a hyphen and six
// characters that are not part of the name.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
func nameOf(arn string) string {
	const suffix = 7
	_, name, found := strings.Cut(arn, ":secret:")
	if !found {
		return arn
	}
	if cut := len(name) - suffix; cut > 0 && name[cut] == '-' {
		return name[:cut]
	}
	return name
}
