package note

import (
	"slices"
	"strconv"
	"strings"
)

// segments splits the path of a property, such as routeSettings[0].tags["a.b"].
// An invalid path is one segment.
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

// found is the result of a look-up.
type found struct {
	value  any  // as decoded by encoding/json
	there  bool // whether there is a value
	secret bool // whether the value, or an object that contains it, is secret
}

// at looks up a path. A secret hides everything below it.
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

// variables are the names of the properties that hold environment variables:
// environment.variables of a Lambda function, environment of a command,
// stageVariables of an API's stage.
var variables = []string{"environment", "variables", "stageVariables"}

// hidden reports whether a path leads to environment variables. Their values
// are not shown, because programs put keys into them.
func hidden(path []string) bool {
	return slices.ContainsFunc(path, func(segment string) bool { return slices.Contains(variables, segment) })
}
