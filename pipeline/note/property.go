package note

import (
	"slices"
	"strings"
)

// The two sets of properties in a state.
const (
	inputs = iota
	outputs
)

// at looks up a property. A nil state has none. A property in
// AdditionalSecretOutputs is secret, whatever its value.
func (s *state) at(where int, path ...string) found {
	if s == nil {
		return found{}
	}
	tree := s.Inputs
	if where == outputs {
		tree = s.Outputs
	}
	f := at(tree, path)
	if len(path) > 0 && slices.Contains(s.AdditionalSecretOutputs, path[0]) {
		f.secret = true
	}
	return f
}

// lines returns how a property changes, one line for each difference. If the
// provider names only a changed object, lines names the members that differ.
func (c change) lines(path string) (lines []string) {
	p := c.paths[path]
	verb := strings.TrimSuffix(p.Kind, "-replace")
	at := segments(path)
	before, after := c.old.at(inputs, at...).value, c.new.at(inputs, at...).value
	if verb == "update" && !c.secret(at) {
		for _, d := range differences(path, at, before, after) {
			lines = append(lines, c.line(d.path, d.segments, d.verb, p.InputDiff))
		}
	}
	if len(lines) == 0 {
		lines = []string{c.line(path, at, verb, p.InputDiff)}
	}
	return lines
}

// line returns how one property changes: the old and the new value if both can
// be shown, otherwise only that it changes.
func (c change) line(path string, segments []string, verb string, inputDiff bool) string {
	label := code(path, maxName) + ": "
	if hidden(segments) {
		return label + past(verb)
	}
	if c.secret(segments) {
		return label + "`" + blinded + "`"
	}
	before, wasPlain := scalar(c.before(inputDiff, segments).value)
	after, isPlain := scalar(c.after(segments).value)
	switch {
	case verb == "add" && isPlain:
		return label + "added, " + after
	case verb == "delete" && wasPlain:
		return label + "removed, was " + before
	case verb != "add" && verb != "delete" && wasPlain && isPlain && before != after:
		return label + before + " → " + after
	}
	return label + past(verb)
}

func past(verb string) string {
	switch verb {
	case "add":
		return "added"
	case "delete":
		return "removed"
	}
	return "changed"
}

// before returns the old value that the engine compared: the output, unless the
// engine compared inputs.
func (c change) before(inputDiff bool, path []string) found {
	if out := c.old.at(outputs, path...); out.there && !inputDiff {
		return out
	}
	return c.old.at(inputs, path...)
}

func (c change) after(path []string) found {
	if in := c.new.at(inputs, path...); in.there {
		return in
	}
	return c.new.at(outputs, path...)
}

// secret reports whether the old or the new property is secret. The old value
// must be hidden too, because the new one may be the same.
func (c change) secret(path []string) bool {
	for _, s := range []*state{c.old, c.new} {
		if s.at(inputs, path...).secret || s.at(outputs, path...).secret {
			return true
		}
	}
	return false
}
