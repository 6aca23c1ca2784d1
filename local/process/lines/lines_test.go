package lines

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// appended returns a function for Add that appends text.
func appended(text string) func([]byte) []byte {
	return func(pending []byte) []byte { return append(pending, text...) }
}

// TestOrder checks that all lines of two files are written in order.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, gathering := range []time.Duration{0, time.Millisecond} {
		files := map[string]string{}
		w := New(gathering, func(name string, lines []byte) error { files[name] += string(lines); return nil })
		want := map[string]string{}
		for i := range 1000 {
			name := []string{"a", "b"}[i%2]
			line := fmt.Sprintf("%d\n", i)
			want[name] += line
			if err := w.Add(name, appended(line)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil || files["a"] != want["a"] || files["b"] != want["b"] {
			t.Errorf("gathering %v: %v, %d and %d bytes, not %d and %d", gathering, err, len(files["a"]), len(files["b"]), len(want["a"]), len(want["b"]))
		}
	}
}

// TestGathering checks that a first line waits for a second one, unless it is
// flushed.
func TestGathering(t *testing.T) {
	t.Parallel()
	var written []string
	w := New(time.Hour, func(_ string, lines []byte) error { written = append(written, string(lines)); return nil })
	for _, line := range []string{"a\n", "b\n"} {
		if err := w.Add("", appended(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil || strings.Join(written, "|") != "a\nb\n" {
		t.Errorf("%v: wrote %q", err, written)
	}
}

// TestFull checks that Add waits while too much is pending.
func TestFull(t *testing.T) {
	t.Parallel()
	begun, free := make(chan bool, 9), make(chan bool)
	w := New(0, func(string, []byte) error { begun <- true; <-free; return nil })
	w.Add("", appended("first\n"))
	<-begun // the pending lines wait for it
	w.Add("", appended(strings.Repeat("x", maxPending+1)))
	added := make(chan bool)
	go func() {
		w.Add("", appended("last\n"))
		close(added)
	}()
	select {
	case <-added:
		t.Error("more is added while too much is pending")
	case free <- true:
	}
	<-added // once the lines before it are being written
	close(free)
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
}

// TestFailure checks that the next Add or Flush returns the error of a write,
// once.
func TestFailure(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is full")
	w := New(0, func(string, []byte) error { return broken })
	w.Add("a", appended("1\n"))
	if err := w.Flush(); !errors.Is(err, broken) {
		t.Errorf("flush: %v", err)
	}
	if err := w.Flush(); err != nil {
		t.Errorf("a second flush: %v", err)
	}
}
