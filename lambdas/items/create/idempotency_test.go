package create

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"skiff/lambdas/api"
	"skiff/lambdas/function"
	"skiff/lambdas/items/itemstest"
)

const (
	done   = "{}"
	failed = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}`
	denied = `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","message":"no"}`
)

// held returns GetItem's response for a record of a body whose hash is "hash".
// more holds further attributes.
func held(owner string, lockedUntil time.Time, more string) string {
	return fmt.Sprintf(`{"Item":{"hash":{"B":"aGFzaA=="},"itemId":{"S":"first"},"itemCreatedAt":{"S":"then"},"owner":{"S":%q},"lockedUntil":{"N":"%d"}%s}}`,
		owner, lockedUntil.UnixMilli(), more)
}

// Each case lists the store's responses, call by call, and the result of the
// claim.
func TestClaim(t *testing.T) {
	t.Parallel()
	now := itemstest.Now()
	open, locked := held("other", now, ""), held("other", now.Add(7*time.Second), "")
	finished := held("other", now.Add(7*time.Second), `,"done":{"BOOL":true}`)
	expired := held("other", now, fmt.Sprintf(`,"ttl":{"N":"%d"}`, now.Unix()))
	for name, c := range map[string]struct {
		hash    string
		answers []string
		owner   string // in the record that claim returns
		id      string
		done    bool
		err     error
	}{
		"a new key":                      {"hash", []string{done}, "mine", "fresh", false, nil},
		"another body":                   {"other hash", []string{failed, open}, "", "", false, &api.Problem{Code: api.IdempotencyMismatch}},
		"another body, done":             {"other hash", []string{failed, finished}, "", "", false, &api.Problem{Code: api.IdempotencyMismatch}},
		"under way":                      {"hash", []string{failed, locked}, "", "", false, &api.Problem{Code: api.InProgress, RetryAfter: 7 * time.Second}},
		"done":                           {"hash", []string{failed, finished}, "other", "first", true, nil},
		"own write, repeated":            {"hash", []string{failed, held("mine", now.Add(lockTime), "")}, "mine", "first", false, nil},
		"died, taken over":               {"hash", []string{failed, open, done}, "mine", "first", false, nil},
		"died, taken over by another":    {"hash", []string{failed, open, failed, failed, locked}, "", "", false, &api.Problem{Code: api.InProgress, RetryAfter: 7 * time.Second}},
		"taken over, its answer lost":    {"hash", []string{failed, open, failed, failed, held("mine", now.Add(lockTime), "")}, "mine", "first", false, nil},
		"done by another meanwhile":      {"hash", []string{failed, open, failed, failed, finished}, "other", "first", true, nil},
		"removed between write and read": {"hash", []string{failed, done, done}, "mine", "fresh", false, nil},
		"expired between write and read": {"hash", []string{failed, expired, done}, "mine", "fresh", false, nil},
		"every race lost":                {"hash", []string{failed, open, failed, failed, open, failed, failed, open, failed, failed, open, failed}, "", "", false, &api.Problem{Code: api.InProgress, RetryAfter: time.Second}},
		"write denied":                   {"hash", []string{denied}, "", "", false, &function.Failure{Action: "dynamodb:PutItem"}},
		"read denied":                    {"hash", []string{failed, denied}, "", "", false, &function.Failure{Action: "dynamodb:GetItem"}},
		"take-over denied":               {"hash", []string{failed, open, denied}, "", "", false, &function.Failure{Action: "dynamodb:UpdateItem"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, keys := ledgerOf(t, c.answers)
			fresh := record{hash: []byte(c.hash), itemID: "fresh", createdAt: "now", owner: "mine"}
			got, err := keys.claim(t.Context(), "k", fresh, now)
			if !sameFailure(err, c.err) || got.owner != c.owner || got.itemID != c.id || got.done != c.done {
				t.Errorf("%+v, %v after %v", got, err, *calls)
			}
			if len(*calls) != len(c.answers) {
				t.Errorf("calls %v, want %d calls", *calls, len(c.answers))
			}
		})
	}
}

// ledgerOf returns a ledger whose store returns these responses in turn.
func ledgerOf(t *testing.T, answers []string) (calls *[]string, keys ledger) {
	t.Helper()
	calls = new([]string)
	api, err := itemstest.Offline(io.Discard, func(action string) (int, string) {
		body := answers[min(len(*calls), len(answers)-1)]
		*calls = append(*calls, action)
		if slices.Contains([]string{failed, denied}, body) {
			return http.StatusBadRequest, body
		}
		return http.StatusOK, body
	})
	if err != nil {
		t.Fatal(err)
	}
	return calls, ledger{api.Store}
}

// sameFailure reports whether the two errors have the same problem for the
// client, or failed in the same AWS action.
func sameFailure(got, want error) bool {
	var problem, wanted *api.Problem
	var store, wantedStore *function.Failure
	switch {
	case errors.As(want, &wanted):
		return errors.As(got, &problem) && problem.Code == wanted.Code && problem.RetryAfter == wanted.RetryAfter
	case errors.As(want, &wantedStore):
		return errors.As(got, &store) && store.Action == wantedStore.Action
	}
	return got == nil
}
