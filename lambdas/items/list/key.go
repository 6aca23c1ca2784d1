package list

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/secret"
)

// keyLabel makes the key that signs cursors another one than whatever else may
// be made of the same secret.
const keyLabel = "cursors of GET /items"

// WithKey gives the API the secret that its cursors are signed with.
func WithKey(a *items.API, e function.Environment) error {
	r, err := secret.NewReader(e, names.CursorKeyVariable)
	a.CursorSecret = r
	return err
}

// keyring holds the one key that signs all cursors. It is made of a secret, so
// that every process has the same and no setting carries it. A new value ends
// the cursors of the one before.
type keyring struct{ secret items.Secret }

// key fails with a Problem while the secret has no value that can be used:
// that is for an operator to put, and the log says how.
func (k keyring) key(ctx context.Context) ([]byte, error) {
	value, err := k.secret.Value(ctx)
	var unusable *secret.Unusable
	if errors.As(err, &unusable) {
		return nil, fmt.Errorf("%w: %w", &items.Problem{
			Code: items.Unavailable, Detail: "cursors are not set up yet; try again later", RetryAfter: time.Minute,
		}, err)
	}
	if err != nil {
		return nil, err
	}
	return sign([]byte(value), keyLabel), nil
}
