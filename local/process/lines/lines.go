// Package lines writes lines to files in order and in batches, soon after they
// are added. Callers do not wait for a file or a terminal.
package lines

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// maxPending is how many bytes may wait to be written. Above it, Add blocks.
const maxPending = 256 << 10

// A Writer writes the lines of several files. If the process is killed, the
// pending lines are lost, and the lines before them are written.
type Writer struct {
	write     func(name string, lines []byte) error
	gathering time.Duration

	mu      sync.Mutex
	pending map[string][]byte // by the file's name
	size    int
	running bool        // timer is set, or a goroutine is writing
	timer   *time.Timer // calls run; nil without a gathering time
	changed sync.Cond   // size has shrunk, or run has ended
	failed  map[string]error
}

// New returns a Writer. write appends lines to the file with a name. A line
// waits up to gathering for more lines to be written with it.
func New(gathering time.Duration, write func(name string, lines []byte) error) *Writer {
	w := &Writer{write: write, gathering: gathering, pending: map[string][]byte{}, failed: map[string]error{}}
	w.changed.L = &w.mu
	return w
}

// Add adds lines to a file: add appends them to the pending lines. The error is
// about earlier lines.
func (w *Writer) Add(name string, add func(pending []byte) []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.size > maxPending {
		w.hurry()
		w.changed.Wait()
	}
	before := w.pending[name]
	after := add(before)
	w.pending[name] = after
	w.size += len(after) - len(before)
	if !w.running {
		w.begin()
	}
	err := w.failed[name]
	delete(w.failed, name)
	return err
}

// begin calls run after the gathering time. The caller holds mu.
func (w *Writer) begin() {
	w.running = true
	if w.gathering > 0 {
		w.timer = time.AfterFunc(w.gathering, w.run)
		return
	}
	go w.run()
}

// hurry calls run now. The caller holds mu, and running is true.
func (w *Writer) hurry() {
	if w.timer != nil && w.timer.Stop() {
		go w.run()
	}
}

// run writes the pending lines, then those that were added meanwhile.
func (w *Writer) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.pending
	w.pending, w.size = map[string][]byte{}, 0
	w.changed.Broadcast()
	w.mu.Unlock()
	failed := map[string]error{}
	for name, lines := range taken {
		if err := w.write(name, lines); err != nil {
			failed[name] = err
		}
	}
	w.mu.Lock()
	maps.Copy(w.failed, failed)
	w.running = false
	if len(w.pending) > 0 {
		w.begin()
	}
	w.changed.Broadcast()
}

// Flush waits until everything that was added is written.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.running {
		w.hurry()
		w.changed.Wait()
	}
	var errs []error
	for _, err := range w.failed {
		errs = append(errs, err)
	}
	clear(w.failed)
	return errors.Join(errs...)
}
