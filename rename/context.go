package main

import (
	"slices"
	"strings"
)

// isName reports whether the word s[start:end] names the project. The name may
// also be an ordinary word in the code, such as orders, so the text around the
// word decides. The cases below are all places where the repository has the
// project's name. TestWhole fails if the name is in another place.
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

// isValue reports whether the text after before is the value of a key, or a
// heading.
func isValue(before string) bool {
	if key, ok := strings.CutSuffix(before, ": "); ok {
		return key != "" && isAlnum(key[len(key)-1])
	}
	return before == "# " || strings.HasSuffix(before, "\n# ")
}

// isStack reports whether the word is the name of a stack: one with a settings
// file, one that ends in a merge request's number, or one that tests use.
func (r *renaming) isStack(word string) bool {
	word = strings.TrimSuffix(word, "-")
	return slices.Contains([]string{"mock", "shared", "access", "STACK"}, word) || slices.Contains(r.stacks, word)
}
