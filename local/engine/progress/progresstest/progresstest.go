// Package progresstest interprets the output of a progress.Display.
package progresstest

import (
	"fmt"
	"strings"
)

// Screen returns what a terminal shows after the text. A sequence that a
// Display does not use is an error.
func Screen(text []byte) (string, error) {
	lines, at := []string{""}, 0
	s := string(text)
	for s != "" {
		var n int
		switch {
		case strings.HasPrefix(s, "\x1b[J"):
			lines, s = append(lines[:at:at], ""), s[3:]
		case strings.HasPrefix(s, "\x1b["):
			if _, err := fmt.Sscanf(s, "\x1b[%dA", &n); err != nil || n > at {
				return "", fmt.Errorf("%.10q at line %d", s, at)
			}
			at, s = at-n, s[strings.IndexByte(s, 'A')+1:]
		case s[0] == '\r':
			s = s[1:] // a Display then clears the line
		case s[0] == '\n':
			if at++; at == len(lines) {
				lines = append(lines, "")
			}
			s = s[1:]
		default:
			end := strings.IndexAny(s, "\x1b\r\n")
			if end < 0 {
				end = len(s)
			}
			lines[at], s = lines[at]+s[:end], s[end:]
		}
	}
	return strings.Join(lines, "\n"), nil
}
