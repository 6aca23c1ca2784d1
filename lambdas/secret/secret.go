// Package secret reads a secret of Secrets Manager, as the functions use it.
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

// Reader reads one secret and keeps its value as function.Kept does.
type Reader struct {
	*function.Kept

	client  *secretsmanager.Client
	arn     string
	minimum int
}

// NewReader makes the reader of the secret whose ARN the environment's variable
// holds. minimum is the least number of bytes of a value: a key that signs needs
// as many as its algorithm asks for, and the secret of a third party one. An
// empty value never passes. NewReader fails when that or another variable is
// missing.
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

// read asks for the current version of the value. It fails with a
// *function.Unusable when there is none, or else with a *function.Failure.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
func (r *Reader) read(ctx context.Context) (string, error) {
	out, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &r.arn})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent): // so is a secret that has not been given a value
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
	return &function.Unusable{Name: "secret " + name, Reason: reason, Remedy: "put one: go run ./infra/key " + name + ", with -stdin for one that a third party gave you"}
}

// nameOf is the name in a secret's ARN, which ends in a hyphen and six
// characters that the name has not.
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
