package lines

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// appended is lines that Add takes.
func appended(text string) func([]byte) []byte {
	return func(pending []byte) []byte { return append(pending, text...) }
}

// TestOrder writes the lines of two files in their order, all of them.
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

// TestGathering has a first line wait for a second one, until they are asked for.
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

// TestFull has who adds wait while more is pending than may be.
func TestFull(t *testing.T) {
	t.Parallel()
	begun, free := make(chan bool, 9), make(chan bool)
	w := New(0, func(string, []byte) error { begun <- true; <-free; return nil })
	w.Add("", appended("first\n"))
	<-begun // which the pending ones wait for
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
	<-added // once those before it are taken
	close(free)
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
}

// TestFailure says once, to the next who adds or flushes, that lines are not
// written.
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
