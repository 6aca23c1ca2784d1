package note

import (
	"slices"
	"strings"
)

// Where a state has properties.
const (
	inputs = iota
	outputs
)

// at looks a property up. A nil state has none. What the state calls a secret
// output is one, whatever its value looks like.
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

// lines tell how a property changes. Where a provider names no more than an
// object that differs, they name what differs in it.
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

// line tells it of one: from what to what if both are plain, or no more than
// that it changes.
func (c change) line(path string, segments []string, verb string, inputDiff bool) string {
	label := code(path, name) + ": "
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

// before is the value that the engine compared with: of an output, unless it
// compared inputs.
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

// secret tells whether the property is a secret on either side: who sees the
// one that was might have the one that is.
func (c change) secret(path []string) bool {
	for _, s := range []*state{c.old, c.new} {
		if s.at(inputs, path...).secret || s.at(outputs, path...).secret {
			return true
		}
	}
	return false
}
