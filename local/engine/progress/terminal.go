package progress

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// defaultWidth is for a terminal that does not say how wide it is.
const defaultWidth = 80

// terminal is the width of a terminal whose cursor can be moved, nil for anything
// else. No line has a colour, so NO_COLOR changes nothing.
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

// clear moves the cursor to the first line of the tasks and erases what follows.
// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html: CUU, ED
func (d *Display) clear() []byte {
	if d.drawn == 0 {
		return nil
	}
	n := d.drawn
	d.drawn = 0
	return fmt.Appendf(nil, "\x1b[%dA\r\x1b[J", n)
}

// lines are those of the tasks, each cut to one line of the terminal: a longer
// one would take two, and clear one.
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
