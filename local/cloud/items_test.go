package cloud

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/process/npm"
)

// newItems keeps items in dir, for a cloud with the tables a and b, and writes
// its messages to the buffer.
func newItems(t *testing.T, dir string) (*items, *bytes.Buffer) {
	t.Helper()
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	i := &items{dir: dir, cache: cache, progress: &printed}
	lacking := []string{"a", "b"}
	i.restore = func(context.Context, string) ([]string, error) {
		made := lacking
		lacking = nil
		return made, nil
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i, &printed
}

func url(t *testing.T, i *items) string {
	t.Helper()
	url, err := i.URL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// TestItemsOfDynalite checks that one message explains where dynalite's items
// are, and that they stay there.
func TestItemsOfDynalite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := filepath.Join(dir, "CURRENT")
	if err := os.WriteFile(old, []byte("MANIFEST-000001\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	i, printed := newItems(t, dir)
	url(t, i)
	for _, want := range []string{dir + " has items that dynalite stored", "does not read or change them", "run a commit from before Dynoxide", "delete " + dir, "without items: a, b\n"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("no %q in\n%s", want, printed)
		}
	}
	if data, err := os.ReadFile(old); err != nil || string(data) != "MANIFEST-000001\n" {
		t.Errorf("the old data: %q, %v", data, err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	again, printed := newItems(t, dir)
	url(t, again)
	if strings.Contains(printed.String(), "dynalite") {
		t.Errorf("printed again:\n%s", printed)
	}
}

// TestEngineThatEnds checks that an engine that ends is restarted and its
// tables are restored.
func TestEngineThatEnds(t *testing.T) {
	t.Parallel()
	i, printed := newItems(t, t.TempDir())
	restored := 0
	i.restore = func(context.Context, string) ([]string, error) {
		restored++
		return nil, nil
	}
	first := url(t, i)
	if again := url(t, i); again != first || restored != 1 {
		t.Errorf("%s, then %s, restored %d times", first, again, restored)
	}
	i.server.Kill()
	if url(t, i) == first || restored != 2 || !strings.Contains(printed.String(), "dynoxide ended by itself: signal: killed: restarting it") {
		t.Errorf("restored %d times, printed %q", restored, printed)
	}
}

// TestTablesThatFail checks that no call reaches an engine that lacks the
// cloud's tables.
func TestTablesThatFail(t *testing.T) {
	t.Parallel()
	i, _ := newItems(t, t.TempDir())
	restore := i.restore
	i.restore = func(context.Context, string) ([]string, error) { return nil, errors.New("no room") }
	if _, err := i.URL(t.Context()); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("tables that cannot be made: %v", err)
	}
	i.restore = restore
	url(t, i)
}

func TestOtherEngine(t *testing.T) {
	t.Parallel()
	i, printed := newItems(t, t.TempDir())
	i.other, i.cache = "http://127.0.0.1:8000", filepath.Join(t.TempDir(), "not to be made")
	if got := url(t, i); got != i.other || !strings.Contains(printed.String(), i.other+" lacked these tables; they were created without items: a, b\n") {
		t.Errorf("URL %s, printed %q", got, printed)
	}
	if _, err := os.Stat(i.cache); err == nil {
		t.Error("Dynoxide is installed, too")
	}
}
