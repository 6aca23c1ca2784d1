package main

import (
	"slices"
	"strings"
)

// isName reports whether the word s[start:end] names the project. A project is
// often called like a word of its code, such as orders, so what surrounds the
// word decides. These are the places that the repository writes the project's
// name in; the test of a renamed copy fails for a name in any other place.
func (r *renaming) isName(s string, start, end int) bool {
	if !isWord(s, start, end) {
		return false
	}
	before, after := s[:start], s[end:]
	if after == "" {
		return isValue(before)
	}
	switch after[0] {
	case ':': // PROJECT:SETTING, PROJECT:module:Type, and ::PROJECT:: in a URN
		return len(after) > 1 && (isAlnum(after[1]) && after[1] > '9' || strings.IndexByte(":\"%`'", after[1]) >= 0)
	case '-': // PROJECT-STACK, PROJECT-bootstrap
		return len(after) > 1 && (isAlnum(after[1]) || strings.IndexByte("\"%`'$*{", after[1]) >= 0)
	case '/': // PROJECT/STACK
		stack := after[1:pathEnd(after, 1)]
		stack, _, _ = strings.Cut(stack, "/")
		stack, _, _ = strings.Cut(stack, ".")
		return strings.HasPrefix(after, "/*") || strings.HasPrefix(after, `/"`) || r.isStack(stack)
	case '"', '`', '\'', ']': // "PROJECT", [PROJECT]
		opening := map[byte]string{']': "["}[after[0]]
		if opening == "" {
			opening = after[:1]
		}
		return strings.HasSuffix(before, opening)
	case '\\': // "PROJECT" in a string, or the end of a line
		return strings.HasPrefix(after, `\"`) && strings.HasSuffix(before, `\"`) || strings.HasPrefix(after, `\n`) && isValue(before)
	case '\n', '\r', ',':
		return isValue(before)
	}
	return false
}

// isValue reports whether what follows is the value of a key, or a heading.
func isValue(before string) bool {
	if key, ok := strings.CutSuffix(before, ": "); ok {
		return key != "" && isAlnum(key[len(key)-1])
	}
	return before == "# " || strings.HasSuffix(before, "\n# ")
}

// isStack reports whether the word is the name of a stack: of one with a file, of
// one that has a merge request's number after it, or of one in a test.
func (r *renaming) isStack(word string) bool {
	word = strings.TrimSuffix(word, "-")
	return slices.Contains([]string{"mock", "shared", "access", "STACK"}, word) || slices.Contains(r.stacks, word)
}
