package note

import (
	"strconv"
	"strings"
	"unicode"
)

// The limits of texts in a note, in characters.
const (
	maxValue = 80
	maxName  = 200 // of a resource, a property or a stack
	maxError = 4000
)

// code returns a code span with the text on one line, cut to limit characters.
// In a code span, GitLab interprets nothing: no HTML, no link, no @mention, no
// reference. Characters that do not print, such as line breaks and marks that
// change the direction of text, are escaped as in Go.
// https://spec.commonmark.org/0.31.2/#code-spans
func code(text string, limit int) string {
	text = cut(printable(text, ""), limit, "…")
	if strings.Trim(text, " ") == "" {
		text = strconv.Quote(text)
	}
	fence := strings.Repeat("`", longestRun(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// codeBlock returns a code block with the text. Each line starts with a bar:
// GitLab looks for quick actions, such as /merge, and for include directives at
// the start of lines before it looks for code blocks. With the bar, no line of
// the text can end the block.
func codeBlock(text string, limit int) string {
	text = cut(printable(strings.ReplaceAll(text, "\t", "    "), "\n"), limit, "…")
	return "```text\n| " + strings.ReplaceAll(text, "\n", "\n| ") + "\n```\n"
}

// printable escapes characters that do not print, except those in kept.
func printable(text, kept string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) || strings.ContainsRune(kept, r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return b.String()
}

// cut shortens a text to limit characters and appends end if it does.
func cut(text string, limit int, end string) string {
	n := 0
	for i := range text {
		if n == limit {
			return text[:i] + end
		}
		n++
	}
	return text
}

func longestRun(text string) (longest int) {
	run := 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}
