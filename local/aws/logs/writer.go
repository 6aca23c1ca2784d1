package logs

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// maxPending is how many bytes wait to be written before those who write wait.
const maxPending = 256 << 10

// gathering is how long a line waits for others that are written with it.
const gathering = 5 * time.Millisecond

// A writer writes lines to files soon after they come, in their order and many
// at once: a request writes half a dozen. CloudWatch Logs does not have a line at
// once either. A process that is killed loses what is pending, and leaves the
// lines before it.
type writer struct {
	write func(name string, lines []byte) error

	mu      sync.Mutex
	pending map[string][]byte // by the file's name
	size    int
	running bool        // timer is set, or a goroutine writes what was pending
	timer   *time.Timer // runs run
	changed sync.Cond   // size has shrunk, or run has ended
	failed  map[string]error
}

func newWriter(write func(name string, lines []byte) error) *writer {
	w := &writer{write: write, pending: map[string][]byte{}, failed: map[string]error{}}
	w.changed.L = &w.mu
	return w
}

// add takes lines for a file. The error is that of lines before them.
func (w *writer) add(name string, began []byte, lines ...[]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.size > maxPending {
		w.hurry()
		w.changed.Wait()
	}
	data := w.pending[name]
	before := len(data)
	for _, line := range lines {
		data = append(append(append(data, began...), line...), '\n')
	}
	w.pending[name] = data
	w.size += len(data) - before
	if !w.running {
		w.running = true
		w.timer = time.AfterFunc(gathering, w.run)
	}
	err := w.failed[name]
	delete(w.failed, name)
	return err
}

// hurry has run begin now. The caller holds mu, and running is true.
func (w *writer) hurry() {
	if w.timer.Stop() {
		go w.run()
	}
}

// run writes what is pending, and later what has come meanwhile.
func (w *writer) run() {
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
	if w.running = len(w.pending) > 0; w.running {
		w.timer = time.AfterFunc(gathering, w.run)
	}
	w.changed.Broadcast()
}

// flush returns when everything that was added is written.
func (w *writer) flush() error {
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
