package cloud

import (
	"fmt"
	"io"

	"skiff/local/process/lines"
)

// A terminal shows lines to the person who watches the cloud serve, in order
// and with a short delay, so no request waits for it.
type terminal struct {
	lines *lines.Writer // nil if no terminal watches
}

func newTerminal(out io.Writer) terminal {
	if out == nil {
		return terminal{}
	}
	return terminal{lines.New(0, func(_ string, text []byte) error {
		_, _ = out.Write(text) // fails only if the terminal is gone
		return nil
	})}
}

// show shows one or several lines, each with its newline.
func (t terminal) show(format string, args ...any) {
	if t.lines != nil {
		_ = t.lines.Add("", func(pending []byte) []byte { return fmt.Appendf(pending, format, args...) })
	}
}

// flush returns when everything is shown.
func (t terminal) flush() error {
	if t.lines == nil {
		return nil
	}
	return t.lines.Flush()
}
