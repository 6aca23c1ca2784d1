package note

import (
	"strconv"
	"strings"
	"unicode"
)

// The most characters of a text that a note shows.
const (
	short = 80   // of a value
	name  = 200  // of a resource, a property, a stack
	long  = 4000 // of an error
)

// code is a span of code with the text in one line, cut to the most characters.
// In code nothing acts: no HTML, no link, no @mention, no reference. What does
// not print, such as a line break or a mark that turns the direction of text,
// is spelt out as Go does.
// https://spec.commonmark.org/0.31.2/#code-spans
func code(text string, most int) string {
	text = cut(printable(text, ""), most, "…")
	if strings.Trim(text, " ") == "" {
		text = strconv.Quote(text)
	}
	fence := strings.Repeat("`", longestRun(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// codeBlock is a block of code. A bar stands before each line: GitLab looks for
// quick actions such as /merge, and for what it includes, at the beginning of
// a line before it looks for blocks. Nor does a line of the text end the block.
func codeBlock(text string, most int) string {
	text = cut(printable(strings.ReplaceAll(text, "\t", "    "), "\n"), most, "…")
	return "```text\n| " + strings.ReplaceAll(text, "\n", "\n| ") + "\n```\n"
}

// printable spells out what does not print, but for the characters kept.
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

// cut shortens a text to the most characters, and says so by what it ends with.
func cut(text string, most int, end string) string {
	n := 0
	for i := range text {
		if n == most {
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
