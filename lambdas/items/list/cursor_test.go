package list

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"skiff/lambdas/items"
	"skiff/lambdas/items/itemstest"
)

func FuzzCursor(f *testing.F) {
	key := []byte(strings.Repeat("k", keyBytes))
	good := seal(key, "active\n2026-01-01T00:00:00.000000Z\nid")
	api, err := itemstest.Offline(io.Discard, func(string) (int, string) {
		return http.StatusOK, `{"Item":{"id":{"S":"cursor#key"},"key":{"B":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}}}`
	})
	if err != nil {
		f.Fatal(err)
	}
	keys := keyring{store: api.Store, random: api.Random}
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
		var problem *items.Problem
		if err != nil && (!errors.As(err, &problem) || problem.Code != items.InvalidCursor) {
			t.Error(err)
		}
	})
}

// The key is read once in a process, and one that is none is a failure of the
// service, not of the client's cursor.
func TestKey(t *testing.T) {
	t.Parallel()
	const good = `{"Item":{"id":{"S":"cursor#key"},"key":{"B":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}}}`
	for name, c := range map[string]struct {
		row   string
		calls int // for two uses
		want  string
	}{
		"good":      {good, 1, ""},
		"short":     {`{"Item":{"id":{"S":"cursor#key"},"key":{"B":"a2tr"}}}`, 1, "stored cursor key: key is not 32 bytes long"},
		"no binary": {`{"Item":{"id":{"S":"cursor#key"},"key":{"S":"kkk"}}}`, 1, "stored cursor key: key is not binary"},
		"vanishing": {`{}`, 6, "no such item"}, // read, made, and not there again
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			api, err := itemstest.Offline(io.Discard, func(string) (int, string) {
				calls++
				return http.StatusOK, c.row
			})
			if err != nil {
				t.Fatal(err)
			}
			keys := keyring{store: api.Store, random: api.Random}
			for range 2 {
				key, err := keys.key(t.Context())
				if c.want == "" && (err != nil || len(key) != keyBytes) || c.want != "" && (err == nil || err.Error() != c.want) {
					t.Errorf("key of %d bytes, %v", len(key), err)
				}
			}
			if calls != c.calls {
				t.Errorf("%d calls, want %d", calls, c.calls)
			}
		})
	}
}
