package note

import (
	"slices"
	"strconv"
	"strings"
)

// segments takes a property's path apart, such as
// routeSettings[0].tags["a.b"]. What is no path is one segment.
// https://www.pulumi.com/docs/iac/concepts/miscellaneous/property-paths/
func segments(path string) (segments []string) {
	for rest := path; rest != ""; {
		var segment string
		switch {
		case strings.HasPrefix(rest, `["`):
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil || !strings.HasPrefix(rest[1+len(quoted):], "]") {
				return []string{path}
			}
			segment, _ = strconv.Unquote(quoted)
			rest = rest[1+len(quoted)+1:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return []string{path}
			}
			segment, rest = rest[1:end], rest[end+1:]
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			segment, rest = rest[:end], rest[end:]
		}
		segments = append(segments, segment)
		rest = strings.TrimPrefix(rest, ".")
	}
	return segments
}

// found is what is at a path.
type found struct {
	value  any  // of encoding/json
	there  bool // whether there is a value at all
	secret bool // whether the value, or what it is a part of, is secret
}

// at looks a path up. A secret hides all that is below it.
func at(tree any, path []string) found {
	for _, segment := range path {
		if secret(tree) {
			break
		}
		var there bool
		switch t := tree.(type) {
		case map[string]any:
			tree, there = t[segment]
		case []any:
			i, err := strconv.Atoi(segment)
			if there = err == nil && i >= 0 && i < len(t); there {
				tree = t[i]
			}
		}
		if !there {
			return found{}
		}
	}
	return found{tree, true, secret(tree)}
}

// variables are the properties that hold environment variables, by the names
// that the providers have for them: Lambda's environment.variables, a
// command's environment, the stage variables of an API.
var variables = []string{"environment", "variables", "stageVariables"}

// hidden tells whether a path is one of environment variables, or of all of
// them. Programs put in them what they will, keys too.
func hidden(path []string) bool {
	return slices.ContainsFunc(path, func(segment string) bool { return slices.Contains(variables, segment) })
}
