package list

import (
	"context"

	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/secret"
)

// minKeyBytes is the least that the secret has, as for any key of HMAC-SHA256.
// https://www.rfc-editor.org/rfc/rfc2104#section-3
const minKeyBytes = 32

// keyLabel makes the key that signs cursors another one than whatever else may
// be made of the same secret.
const keyLabel = "cursors of GET /items"

// WithKey gives the API the secret that its cursors are signed with.
func WithKey(a *items.API, e function.Environment) error {
	r, err := secret.NewReader(e, names.CursorKeyVariable, minKeyBytes)
	a.CursorSecret = r
	return err
}

// keyring holds the one key that signs all cursors. It is made of a secret, so
// every process has the same key and no setting carries it. A new value makes
// the cursors of the old one invalid.
type keyring struct{ secret items.Secret }

// key fails as the secret does.
func (k keyring) key(ctx context.Context) ([]byte, error) {
	value, err := k.secret.Value(ctx)
	if err != nil {
		return nil, err
	}
	return sign([]byte(value), keyLabel), nil
}
