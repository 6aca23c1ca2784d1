package cloud

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/iam"
)

// TestUses: a use is there once, however often the cloud is opened, and whatever
// a killed process has left.
func TestUses(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "calls.jsonl")
	read := iam.Use{Role: "f", Session: "f", Action: "dynamodb:GetItem", Resource: "arn:aws:dynamodb:r:1:table/t", Allowed: true}
	denied := read
	denied.Allowed = false
	for range 3 {
		u, err := openUses(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range []iam.Use{read, denied, read} {
			if err := u.add(use); err != nil {
				t.Fatal(err)
			}
		}
		if err := u.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(name)
		if err != nil || strings.Count(string(data), "\n") != 2 || !strings.Contains(string(data), `"Allowed":true}`) || !strings.Contains(string(data), `"Allowed":false}`) {
			t.Fatalf("%v\n%s", err, data)
		}
		// An older version wrote lines twice; a killed one, half of one.
		if err := os.WriteFile(name, append(append(data, data...), `{"Role":"f"`...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
