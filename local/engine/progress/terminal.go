package progress

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// defaultWidth is the width of a terminal that does not report it.
const defaultWidth = 80

// terminal returns a function for the width of a terminal with a movable
// cursor. It returns nil for any other writer. Lines have no colour, so
// NO_COLOR has no effect.
func terminal(out io.Writer) func() int {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 {
			return defaultWidth
		}
		return width
	}
}

// clear returns the sequences that move the cursor to the first task line and
// erase everything below:
// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, CUU and ED.
func (d *Display) clear() []byte {
	if d.drawn == 0 {
		return nil
	}
	n := d.drawn
	d.drawn = 0
	return fmt.Appendf(nil, "\x1b[%dA\r\x1b[J", n)
}

// lines returns the task lines. It cuts each to the terminal's width, because
// clear expects one terminal line per task.
func (d *Display) lines() []byte {
	var text []byte
	width := d.width()
	for _, t := range d.tasks {
		line := []rune("local: " + t.line())
		if len(line) >= width {
			line = append(line[:max(width-2, 0)], '…')
		}
		text = append(append(text, string(line)...), '\n')
	}
	d.drawn = len(d.tasks)
	return text
}
