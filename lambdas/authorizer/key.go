package authorizer

import (
	"context"
	"time"

	"skiff/lambdas/function"
	"skiff/lambdas/names"
	"skiff/lambdas/secret"
	"skiff/lambdas/tokens"
)

// key verifies tokens that are signed with the stack's own key.
type key struct {
	secret *secret.Reader
	now    func() time.Time
}

func newKey(e function.Environment) (Verifier, error) {
	r, err := secret.NewReader(e, names.TokenKeyVariable, tokens.MinKeyBytes)
	if err != nil {
		return nil, err
	}
	return &key{secret: r, now: time.Now}, nil
}

// Subject implements Verifier. It fails with the error of the secret's Value
// when the key cannot be read.
func (k *key) Subject(ctx context.Context, token string) (string, error) {
	value, err := k.secret.Value(ctx)
	if err != nil {
		return "", err
	}
	subject, err := tokens.Verify([]byte(value), token, k.now())
	if err != nil {
		return "", &Refusal{"a token that is " + err.Error()}
	}
	return subject, nil
}
