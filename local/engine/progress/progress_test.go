package progress

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"skiff/local/engine/progress/progresstest"
)

// screen returns what a terminal shows after the text, including the sequences
// of clear.
func screen(t *testing.T, text string) string {
	t.Helper()
	s, err := progresstest.Screen([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// onTerminal returns a display on a terminal. The test calls draw.
func onTerminal(width int) (*Display, *bytes.Buffer) {
	var out bytes.Buffer
	return &Display{out: &out, width: func() int { return width }}, &out
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	d, out := onTerminal(24)
	shows := func(want string) {
		t.Helper()
		d.draw()
		if got := screen(t, out.String()); got != want {
			t.Errorf("shows\n%s\nnot\n%s", got, want)
		}
	}
	store, program := d.Task("the store"), d.Task("the program")
	shows("local: the store\nlocal: the program\n")
	program.Say("12 of %d", 800)
	shows("local: the store\nlocal: the program: 12…\n")
	d.Write([]byte("a line\nand half "))
	shows("a line\nlocal: the store\nlocal: the program: 12…\n")
	d.Write([]byte("of one\n"))
	store.Done()
	store.Done()
	shows("a line\nand half of one\nlocal: the program: 12…\n")
	program.Note("it is %s", "slow")
	d.Write([]byte("no end"))
	program.Done()
	if got, want := screen(t, out.String()), "a line\nand half of one\nlocal: it is slow\nno end"; got != want {
		t.Errorf("at the end it shows\n%s\nnot\n%s", got, want)
	}
	d.Write([]byte(", now\n"))
	shows("a line\nand half of one\nlocal: it is slow\nno end, now\n")
}

func TestPlain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := &Display{out: &out}
	quick := d.Task("the store")
	quick.Say("is quick")
	quick.Done()
	up, program := d.Task("up"), d.Task("the program")
	up.Write([]byte("one\n2 made\n"))
	d.draw()
	d.draw() // nothing has changed
	d.Write([]byte("another line\n"))
	program.Done()
	d.draw()
	up.Done()
	want := "local: up: 2 made; the program\nanother line\nlocal: the program: done in 0s\nlocal: up: 2 made\nlocal: up: done in 0s\n"
	if out.String() != want {
		t.Errorf("writes\n%s\nnot\n%s", &out, want)
	}
}

// TestNoTask calls the methods of a nil Task.
func TestNoTask(t *testing.T) {
	t.Parallel()
	var none *Task
	none.Say("nothing")
	none.Note("nothing")
	none.Done()
	if n, err := none.Write([]byte("nothing")); n != len("nothing") || err != nil {
		t.Error(n, err)
	}
}

func TestNoTerminal(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if New(file).width != nil || New(&bytes.Buffer{}).width != nil {
		t.Error("a file or a buffer is taken for a terminal")
	}
}
