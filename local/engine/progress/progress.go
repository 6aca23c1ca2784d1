// Package progress shows a person what is waited for. On a terminal each task
// has one line, which changes in place and goes when the task ends. Elsewhere
// there is a plain line every few seconds, and none for what is quick.
package progress

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// frame is how often the lines of a terminal are drawn again.
const frame = 100 * time.Millisecond

// interval is how often a plain line is written, and how long all that is
// waited for may take without one.
const interval = 10 * time.Second

// A Display is where progress is shown. All that is written to the same
// terminal meanwhile goes through it, so that it stays whole.
type Display struct {
	out   io.Writer
	width func() int    // of the terminal; nil where out is none
	every time.Duration // 0: draw is called by hand
	each  bool          // all that is said is a line at once

	mu    sync.Mutex
	tasks []*Task // under way
	drawn int     // lines on the terminal
	last  string  // plain line
	rest  []byte  // of a line that was written without its end
	stop  chan struct{}
}

// New is for a file, which may be a terminal, or another writer. A terminal
// that does not move its cursor (TERM=dumb) gets plain lines.
func New(out io.Writer) *Display {
	if width := terminal(out); width != nil {
		return &Display{out: out, width: width, every: frame}
	}
	return Plain(out)
}

// Plain is for a terminal that another program draws on meanwhile.
func Plain(out io.Writer) *Display { return &Display{out: out, every: interval} }

// Log is for a record of all that is said.
func Log(out io.Writer) *Display { return &Display{out: out, each: true} }

// A Task is one thing that is waited for. The methods of a nil Task do nothing.
type Task struct {
	display *Display
	name    string
	status  string
	started time.Time
	shown   bool // a plain line has named it
}

// Task begins a task, such as "the program". Its Done ends it.
func (d *Display) Task(name string) *Task {
	t := &Task{display: d, name: name, started: time.Now()}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tasks = append(d.tasks, t)
	if d.stop == nil && d.every > 0 {
		d.stop = make(chan struct{})
		go d.run(d.stop)
	}
	return t
}

func (d *Display) run(stop chan struct{}) {
	ticker := time.NewTicker(d.every)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			d.draw()
		}
	}
}

// Say sets what the task is at.
func (t *Task) Say(format string, args ...any) {
	if t == nil {
		return
	}
	t.display.mu.Lock()
	defer t.display.mu.Unlock()
	t.status = fmt.Sprintf(format, args...)
	if t.display.each {
		fmt.Fprintf(t.display.out, "local: %s\n", t.line())
	}
}

// Write has the task say the last line that is written.
func (t *Task) Write(data []byte) (int, error) {
	text := strings.TrimSpace(string(data))
	t.Say("%s", text[strings.LastIndexByte(text, '\n')+1:])
	return len(data), nil
}

// Note writes a line that stays.
func (t *Task) Note(format string, args ...any) {
	if t != nil {
		fmt.Fprintf(t.display, "local: "+format+"\n", args...)
	}
}

// Done ends the task. A second call does nothing.
func (t *Task) Done() {
	if t == nil {
		return
	}
	d := t.display
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, other := range d.tasks {
		if other == t {
			d.tasks = append(d.tasks[:i:i], d.tasks[i+1:]...)
			d.ended(t)
		}
	}
}

// ended needs the lock.
func (d *Display) ended(t *Task) {
	if t.shown {
		fmt.Fprintf(d.out, "local: %s: done in %s\n", t.name, time.Since(t.started).Round(time.Second))
	}
	if len(d.tasks) > 0 {
		return
	}
	if d.stop != nil {
		close(d.stop)
		d.stop = nil
	}
	_, _ = d.out.Write(append(d.clear(), d.rest...)) // a terminal that is gone watches no more
	d.rest, d.last = nil, ""
}

// draw shows what the tasks are at.
func (d *Display) draw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.width != nil {
		_, _ = d.out.Write(append(d.clear(), d.lines()...))
		return
	}
	var said []string
	for _, t := range d.tasks {
		said = append(said, t.line())
	}
	if line := strings.Join(said, "; "); line != "" && line != d.last {
		d.last = line
		for _, t := range d.tasks {
			t.shown = true
		}
		fmt.Fprintf(d.out, "local: %s\n", line)
	}
}

// line needs the lock of the display.
func (t *Task) line() string {
	if t.status == "" {
		return t.name
	}
	return t.name + ": " + t.status
}

// Write writes what is no progress. On a terminal whole lines go above the
// lines of the tasks.
func (d *Display) Write(data []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.width == nil || len(d.tasks) == 0 {
		return d.out.Write(data)
	}
	d.rest = append(d.rest, data...)
	end := bytes.LastIndexByte(d.rest, '\n') + 1
	if end == 0 {
		return len(data), nil
	}
	whole := append(d.clear(), d.rest[:end]...)
	d.rest = append([]byte(nil), d.rest[end:]...)
	if _, err := d.out.Write(append(whole, d.lines()...)); err != nil {
		return 0, err
	}
	return len(data), nil
}
