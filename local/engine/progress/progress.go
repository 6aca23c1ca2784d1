// Package progress shows a person what a command waits for. On a terminal each
// task has one line, which changes in place and disappears when the task ends.
// Elsewhere a plain line appears every few seconds, but none for a short task.
package progress

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// frame is the interval between two drawings on a terminal.
const frame = 100 * time.Millisecond

// interval is the time between two plain lines. Tasks that are shorter have
// none.
const interval = 10 * time.Second

// A Display shows progress. Other output to the same terminal must go through
// its Write, which keeps the task lines apart.
type Display struct {
	out   io.Writer
	width func() int    // of the terminal; nil if out is not one
	every time.Duration // 0 if the test calls draw
	each  bool          // writes a line for every Say

	mu    sync.Mutex
	tasks []*Task // in progress
	drawn int     // number of task lines on the terminal
	last  string  // last plain line
	rest  []byte  // an unfinished line of Write
	stop  chan struct{}
}

// New returns a Display for a file or another writer. A terminal that cannot
// move its cursor (TERM=dumb) gets plain lines.
func New(out io.Writer) *Display {
	if width := terminal(out); width != nil {
		return &Display{out: out, width: width, every: frame}
	}
	return Plain(out)
}

// Plain returns a Display for a terminal that another program draws on.
func Plain(out io.Writer) *Display { return &Display{out: out, every: interval} }

// Log returns a Display that writes a line for every status.
func Log(out io.Writer) *Display { return &Display{out: out, each: true} }

// A Task is something that a command waits for. The methods of a nil Task do
// nothing.
type Task struct {
	display *Display
	name    string
	status  string
	started time.Time
	shown   bool // a plain line has named the task
}

// Task begins a task, such as "the program". Done ends it.
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

// Say sets the status of the task.
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

// Write sets the status to the last line of data.
func (t *Task) Write(data []byte) (int, error) {
	text := strings.TrimSpace(string(data))
	t.Say("%s", text[strings.LastIndexByte(text, '\n')+1:])
	return len(data), nil
}

// Note writes a line that stays on the terminal.
func (t *Task) Note(format string, args ...any) {
	if t != nil {
		fmt.Fprintf(t.display, "local: "+format+"\n", args...)
	}
}

// Done ends the task. It may be called again.
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

// ended removes the task's lines. The caller holds the lock.
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
	_, _ = d.out.Write(append(d.clear(), d.rest...)) // an error means that the terminal is closed
	d.rest, d.last = nil, ""
}

// draw writes the status of the tasks.
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

// line returns the task's line. The caller holds the display's lock.
func (t *Task) line() string {
	if t.status == "" {
		return t.name
	}
	return t.name + ": " + t.status
}

// Write writes other output. On a terminal it writes complete lines above the
// task lines, and keeps an unfinished one.
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
