package store

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

type thing struct{ Size int }

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *Store, key string, size int) {
	t.Helper()
	if err := Put(s, "thing", key, Record[thing]{ID: key, Inputs: thing{size}}); err != nil {
		t.Fatal(err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	s := open(t, dir)
	want := Record[thing]{ID: "a", URN: "urn", Account: "1", Region: "r", Created: time.Now().UTC().Round(0), Inputs: thing{3}, State: map[string]string{"k": "v"}}
	if err := Put(s, "thing", "key", want); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := Get[thing](open(t, dir), "thing", "key")
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	absent := func() {
		t.Helper()
		if _, err := Get[thing](s, "thing", "a"); !errors.Is(err, ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", err)
		}
		if err := Delete(s, "thing", "a"); err != nil {
			t.Error(err)
		}
	}
	absent() // the type has no records at all
	put(t, s, "b", 1)
	absent()
}

func TestListIsByKeyAndCurrent(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	list := func() string {
		t.Helper()
		all, err := List[thing](s, "thing")
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, r := range all {
			text += fmt.Sprint(r.ID, r.Inputs.Size, " ")
		}
		return text
	}
	steps := []struct {
		change func()
		want   string
	}{
		{func() {}, ""},
		{func() { put(t, s, "b", 1) }, "b1 "},
		{func() { put(t, s, "a", 2) }, "a2 b1 "},
		{func() {}, "a2 b1 "},
		{func() { put(t, s, "b", 3) }, "a2 b3 "},
		{func() { Delete(s, "thing", "a") }, "b3 "},
	}
	for i, step := range steps {
		before := s.Generation()
		step.change()
		if got := list(); got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
		if grown := s.Generation() > before; grown != (i != 0 && i != 3) {
			t.Errorf("step %d: generation grew: %v", i, grown)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	put(t, s, "a", 1)
	put(t, s, "b", 1)
	if err := Put(s, "gone", "c", Record[thing]{}); err != nil {
		t.Fatal(err)
	}
	if err := Delete(s, "gone", "c"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Count(); err != nil || !maps.Equal(got, map[string]int{"thing": 2}) {
		t.Errorf("count %v, %v", got, err)
	}
}

// TestListSeesEveryWrite lists while others write: after its own Put, a writer
// never gets an older list.
func TestListSeesEveryWrite(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for n := range 100 { // enough that a list takes as long as a write
		put(t, s, fmt.Sprint("other", n), n)
	}
	var readers, writers sync.WaitGroup
	ended := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				if _, err := List[thing](s, "thing"); err != nil {
					t.Error(err)
				}
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	for w := range 4 {
		writers.Go(func() {
			key := fmt.Sprint(w)
			for size := range 25 {
				if err := Put(s, "thing", key, Record[thing]{ID: key, Inputs: thing{size}}); err != nil {
					t.Error(err)
				}
				all, err := List[thing](s, "thing")
				if err != nil {
					t.Error(err)
				}
				for _, r := range all {
					if r.ID == key && r.Inputs.Size != size {
						t.Errorf("writer %s lists %d after it has put %d", key, r.Inputs.Size, size)
					}
				}
			}
		})
	}
	writers.Wait()
	close(ended)
	readers.Wait()
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cloud.db"), []byte("no database, only text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, 0); err == nil || errors.Is(err, ErrInUse) {
		t.Errorf("opening a file that is not a store: %v", err)
	}
}

// TestPeek checks that Peek is as current as Get and decodes only after a
// write.
func TestPeek(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	peek := func(want int, wantErr error) {
		t.Helper()
		if got, err := Peek[thing](s, "thing", "a"); !errors.Is(err, wantErr) || got.Inputs.Size != want {
			t.Errorf("peeked at %v, %v; want %d, %v", got, err, want, wantErr)
		}
	}
	peek(0, ErrNotFound)
	for size := range 3 {
		put(t, s, "a", size)
		peek(size, nil)
	}
	before, all := s.Generation("thing"), s.Generation()
	if err := Put(s, "other", "a", Record[thing]{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if s.Generation("thing") != before || s.Generation() == all || s.Generation("thing", "other") == before {
		t.Errorf("generations %d and %d were %d and %d", s.Generation("thing"), s.Generation(), before, all)
	}
	if err := Delete(s, "thing", "a"); err != nil {
		t.Fatal(err)
	}
	peek(0, ErrNotFound)
}
