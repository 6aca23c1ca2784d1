package cloud

import (
	"fmt"
	"io"
	"sync"
)

// maxShown is how many bytes wait for the person's terminal before those who show
// more wait.
const maxShown = 256 << 10

// A console shows lines to the person who watches the cloud serve, in their order
// and soon after they come: no request waits for a terminal.
type console struct {
	out io.Writer // nil: nobody watches

	mu      sync.Mutex
	pending []byte
	running bool      // a goroutine shows what is pending
	changed sync.Cond // pending has shrunk, or running is false
}

func newConsole(out io.Writer) *console {
	c := &console{out: out}
	c.changed.L = &c.mu
	return c
}

// show shows one line, which ends with a newline, or several.
func (c *console) show(format string, args ...any) {
	if c.out == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pending) > maxShown {
		c.changed.Wait()
	}
	c.pending = fmt.Appendf(c.pending, format, args...)
	if !c.running {
		c.running = true
		go c.run()
	}
}

func (c *console) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pending) > 0 {
		text := c.pending
		c.pending = nil
		c.changed.Broadcast()
		c.mu.Unlock()
		_, _ = c.out.Write(text) // a terminal that is gone watches no more
		c.mu.Lock()
	}
	c.running = false
	c.changed.Broadcast()
}

// flush returns when everything is shown.
func (c *console) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.running {
		c.changed.Wait()
	}
}
