package list

import (
	"context"

	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/secret"
)

// minKeyBytes is the least length of the secret, as for any key of HMAC-SHA256.
// https://www.rfc-editor.org/rfc/rfc2104#section-3
const minKeyBytes = 32

// keyLabel makes the key for cursors differ from other keys that are derived
// from the same secret.
const keyLabel = "cursors of GET /items"

// WithKey is the part that sets CursorSecret.
func WithKey(a *items.API, e function.Environment) error {
	r, err := secret.NewReader(e, names.CursorKeyVariable, minKeyBytes)
	a.CursorSecret = r
	return err
}

// keyring derives the key that signs all cursors from a secret. All processes
// use the same key, and it is in no variable. A new value of the secret makes
// older cursors invalid.
type keyring struct{ secret items.Secret }

// key returns the key. It fails with the error of the secret's Value.
func (k keyring) key(ctx context.Context) ([]byte, error) {
	value, err := k.secret.Value(ctx)
	if err != nil {
		return nil, err
	}
	return sign([]byte(value), keyLabel), nil
}
