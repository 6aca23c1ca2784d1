package cloud

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestClose checks that Close closes every part, the last opened part first.
func TestClose(t *testing.T) {
	t.Parallel()
	c := &Cloud{}
	var closed []string
	first, second := errors.New("first"), errors.New("second")
	opens := func(name string, err error) {
		c.closes(func(context.Context) error { closed = append(closed, name); return err })
	}
	opens("store", first)
	opens("queues", nil)
	opens("schedules", second)
	err := c.Close()
	if want := []string{"schedules", "queues", "store"}; !slices.Equal(closed, want) {
		t.Errorf("closed %v, want %v", closed, want)
	}
	if !errors.Is(err, first) || !errors.Is(err, second) {
		t.Errorf("the error is %v", err)
	}
}

// TestOpenFails checks that Open closes what it has opened when a part fails.
func TestOpenFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	blocked := filepath.Join(dir, "messages.db")
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: dir, Cache: t.TempDir(), Stderr: t.Output()}
	if _, err := Open(o); err == nil {
		t.Fatal("the cloud opens without its messages")
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
