package list

import (
	"context"
	"errors"
	"strings"
	"testing"

	"skiff/lambdas/api"
	"skiff/lambdas/function"
)

// fixed is a secret with a fixed value.
type fixed string

func (f fixed) Value(context.Context) (string, error) { return string(f), nil }

// none is a secret without a value.
type none struct{}

func (none) Value(context.Context) (string, error) {
	return "", &function.Unusable{Name: "secret staging-cursors", Reason: "has no value", Remedy: "go run ./infra/key staging-cursors"}
}

func FuzzCursor(f *testing.F) {
	keys := keyring{fixed(strings.Repeat("k", 32))}
	good, err := keys.cursor(f.Context(), position{status: "active", createdAt: "2026-01-01T00:00:00.000000Z", id: "id"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "active")
	f.Add(good, "done")
	f.Add(good+"=", "active")
	f.Add(good+"A", "active")
	f.Add("", "active")
	f.Add(strings.Repeat("A", 44), "")
	f.Fuzz(func(t *testing.T, cursor, status string) {
		position, err := keys.position(t.Context(), cursor, status)
		if (err == nil) != (cursor == good && status == "active") {
			t.Errorf("%q for %q: %v, %v", cursor, status, position, err)
		}
		var problem *api.Problem
		if err != nil && (!errors.As(err, &problem) || problem.Code != api.InvalidCursor) {
			t.Error(err)
		}
	})
}

// Without a secret, a text that cannot be a cursor is still the client's error.
// Everything else fails with an error for the operator.
func TestNoKey(t *testing.T) {
	t.Parallel()
	keys := keyring{none{}}
	_, err := keys.cursor(t.Context(), position{})
	var unusable *function.Unusable
	if !errors.As(err, &unusable) || !strings.Contains(err.Error(), "go run ./infra/key staging-cursors") {
		t.Errorf("%v", err)
	}
	var problem *api.Problem
	if _, err := keys.position(t.Context(), "x", "active"); !errors.As(err, &problem) || problem.Code != api.InvalidCursor {
		t.Errorf("%v", err)
	}
}

// Each value of the secret gives another key, and the key is not the value.
func TestKeyFollowsTheSecret(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{strings.Repeat("a", 32): true}
	for _, value := range []string{strings.Repeat("a", 32), strings.Repeat("a", 33), strings.Repeat("b", 32)} {
		key, err := keyring{fixed(value)}.key(t.Context())
		if err != nil || len(key) != 32 || seen[string(key)] {
			t.Errorf("%q: key of %d bytes, %v", value, len(key), err)
		}
		seen[string(key)] = true
	}
}
