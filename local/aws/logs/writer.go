package logs

import (
	"errors"
	"sync"
)

// maxPending is how many bytes wait to be written before those who write wait.
const maxPending = 256 << 10

// A writer writes lines to files soon after they come, in their order and many
// at once: a request writes half a dozen. CloudWatch Logs does not have a line at
// once either. A process that is killed loses what is pending, and leaves the
// lines before it.
type writer struct {
	write func(name string, lines []byte) error

	mu      sync.Mutex
	pending map[string][]byte // by the file's name
	size    int
	running bool      // a goroutine writes what is pending
	changed sync.Cond // size has shrunk, or running is false
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
		go w.run()
	}
	err := w.failed[name]
	delete(w.failed, name)
	return err
}

// run writes until nothing is pending.
func (w *writer) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) > 0 {
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
		for name, err := range failed {
			w.failed[name] = err
		}
	}
	w.running = false
	w.changed.Broadcast()
}

// flush returns when everything that was added is written.
func (w *writer) flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.running {
		w.changed.Wait()
	}
	var errs []error
	for _, err := range w.failed {
		errs = append(errs, err)
	}
	clear(w.failed)
	return errors.Join(errs...)
}
