package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// printer prints for people. On a terminal it prints colours unless NO_COLOR is
// set (https://no-color.org). It escapes control characters there, because
// others write items, messages and log lines, and a terminal would execute
// them.
type printer struct {
	w               io.Writer
	terminal, color bool
}

func newPrinter(w io.Writer) printer {
	f, isFile := w.(*os.File)
	p := printer{w: w, terminal: isFile && term.IsTerminal(int(f.Fd()))}
	p.color = p.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return p
}

// clean returns the text on one line, escaped for a terminal. If there is no
// terminal, it returns the text unchanged.
func (p printer) clean(s string) string {
	if !p.terminal {
		return s
	}
	return escaped(s)
}

// escaped escapes invisible characters in Go's syntax, including the ones that
// change the direction of text.
func escaped(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString("    ")
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0,
			unicode.Is(unicode.Cf, r), r == 0x2028, r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

const (
	bold  = "1"
	red   = "31"
	faint = "2"
)

func (p printer) styled(style, s string) string {
	if !p.color || style == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// table prints rows in columns, below an optional header. style returns the
// style of a cell, and may be nil.
func (p printer) table(header []string, rows [][]string, style func(row, column int) string) error {
	if len(header) > 0 {
		rows = append([][]string{header}, rows...)
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(p.clean(cell)))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			text := p.clean(cell)
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2)
			if i == len(row)-1 {
				pad = ""
			}
			s := ""
			switch {
			case len(header) > 0 && n == 0:
				s = bold
			case style != nil:
				s = style(n-min(1, len(header)), i)
			}
			b.WriteString(p.styled(s, text) + pad)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(p.w, b.String())
	return err
}

// printJSON prints a value as indented JSON. For a terminal it also escapes
// what JSON leaves unescaped.
func printJSON(w io.Writer, v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	p := newPrinter(w)
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, p.clean(strings.TrimSuffix(line, "\n"))+"\n"); err != nil {
			return err
		}
	}
	return nil
}
