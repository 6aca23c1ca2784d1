package logs

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// texts returns the last lines of groups as text.
func (g *Groups) texts(t *testing.T, last int, groups ...string) string {
	t.Helper()
	var all []string
	err := g.Read(t.Context(), func() ([]string, error) { return groups, nil }, last, false, func(lines []Line) error {
		for _, l := range lines {
			all = append(all, l.Group+" "+l.Stream+" "+l.Text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// TestRead checks that Read returns the last lines of several groups ordered by
// time, from as many files as needed. It skips incomplete lines that a killed
// process left.
func TestRead(t *testing.T) {
	t.Parallel()
	g := newGroups(t, "a", "b", "empty")
	defer g.Close()
	for i := range 3 {
		for _, group := range []string{"a", "b"} {
			if err := g.write(group, "s", fmt.Appendf(nil, "line %d of it", i)); err != nil {
				t.Fatal(err)
			}
		}
		if i == 1 {
			if err := rotate(g.File("a")); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := os.OpenFile(g.File("b"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("2026-01-01T00:00:0"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	const all = "a s line 0 of it\nb s line 0 of it\na s line 1 of it\nb s line 1 of it\na s line 2 of it\nb s line 2 of it"
	for last, want := range map[int]string{100: all, 6: all, 3: all[3*17:], 1: all[5*17:], 0: ""} {
		got := g.texts(t, last, "a", "b", "empty")
		// Lines of the same millisecond are in the order of the requested
		// groups.
		if len(got) != len(want) || strings.Count(got, "a s") != strings.Count(want, "a s") && last > 3 {
			t.Errorf("the last %d lines are\n%s\nwant\n%s", last, got, want)
		}
	}
	if got := g.texts(t, 2, "a"); got != "a s line 1 of it\na s line 2 of it" {
		t.Errorf("the last 2 lines of two files are\n%s", got)
	}
}

// TestFollow checks that Read returns every new line once and in order, also
// while files are rotated and while the group is deleted.
func TestFollow(t *testing.T) {
	t.Parallel()
	g := newGroups(t, "a")
	defer g.Close()
	if err := g.write("a", "s", []byte("before")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const total = 2000
	read, began := make(chan error, 1), make(chan struct{})
	want := 0
	var received atomic.Int64
	go func() {
		read <- g.Read(ctx, func() ([]string, error) { return []string{"a"}, nil }, 1, true, func(lines []Line) error {
			for _, l := range lines {
				if l.Text == "before" {
					close(began)
					continue
				}
				if l.Text != fmt.Sprint(want) {
					return fmt.Errorf("line %s came, not %d", l.Text, want)
				}
				want++
			}
			received.Store(int64(want))
			if want == total {
				cancel()
			}
			return nil
		})
	}()
	<-began
	for i := range total {
		if err := g.Write("a", "s", fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
		if i%400 == 399 {
			if err := g.Flush(); err != nil {
				t.Fatal(err)
			}
			// Old files are deleted, so the reader must keep up.
			for received.Load() < int64(i-400) && len(read) == 0 {
				time.Sleep(time.Millisecond)
			}
			g.mu.Lock()
			err := rotate(g.File("a"))
			g.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := <-read; err != nil || want != total {
		t.Errorf("%d of %d lines were read, %v", want, total, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.readers) > 0 {
		t.Errorf("%d readers are left", len(g.readers))
	}
}
