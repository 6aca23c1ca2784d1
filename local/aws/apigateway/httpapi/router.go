package httpapi

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// A match is the route of a request and the decoded values of its variables.
type match struct {
	route      *Route
	parameters map[string]string
}

// findRoute returns the best route for a method and an escaped path. These
// rules choose among all matching routes, in this order:
//
//  1. A match of the whole path wins over a greedy variable, and a greedy variable
//     over $default:
//     https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html.
//  2. The request's method wins over ANY. This is neither recorded nor documented;
//     https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md
//     reports it, at this place between the rules.
//  3. Segment by segment from the left, a literal wins over a variable, and a
//     variable over a greedy one. The first half is documented; AWS's test tool
//     does the rest.
//
// The path is split at slashes before it is decoded, so an encoded slash does
// not begin a segment (not recorded).
func findRoute(routes []Route, method, path string) (match, bool) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	var best *pattern
	var found *Route
	for i := range routes {
		p := routes[i].pattern
		if p == nil {
			parsed := parseKey(routes[i].Key)
			p = &parsed
		}
		if !p.matches(method, segments) {
			continue
		}
		if found == nil || p.compare(*best) < 0 {
			best, found = p, &routes[i]
		}
	}
	if found == nil {
		return match{}, false
	}
	return match{found, best.capture(segments)}, true
}

// A pattern is a parsed route key.
type pattern struct {
	method     string // "" for $default
	parts      []part
	isFallback bool
}

type part struct {
	text string // the literal, or the variable's name
	kind kind
}

type kind int

// The kinds, the winner first.
const (
	literal kind = iota
	variable
	greedy
)

// parseKey never fails: a route's key is checked at its creation. A key in
// another form matches no request.
func parseKey(key string) pattern {
	if key == "$default" {
		return pattern{isFallback: true}
	}
	method, path, _ := strings.Cut(key, " ")
	texts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	parts := make([]part, len(texts))
	for i, text := range texts {
		parts[i] = parsePart(text)
	}
	return pattern{method: method, parts: parts}
}

func parsePart(text string) part {
	name, opened := strings.CutPrefix(text, "{")
	name, closed := strings.CutSuffix(name, "}")
	if !opened || !closed {
		return part{text, literal}
	}
	if name, isGreedy := strings.CutSuffix(name, "+"); isGreedy {
		return part{name, greedy}
	}
	return part{name, variable}
}

// matches reports whether the pattern matches the path. A variable matches one
// segment that is not empty, so a trailing slash makes another path. A greedy
// variable matches one segment or more: /{proxy+} matches "/", but /pe/{proxy+}
// does not match /pe. Both are as in AWS's test tool. That a greedy variable
// below another segment matches an empty segment is not recorded.
func (p pattern) matches(method string, segments []string) bool {
	if p.isFallback {
		return true
	}
	if p.method != method && p.method != "ANY" {
		return false
	}
	for i, part := range p.parts {
		if part.kind == greedy {
			return i == len(p.parts)-1 && i < len(segments)
		}
		if i >= len(segments) || !part.takes(segments[i]) {
			return false
		}
	}
	return len(p.parts) == len(segments)
}

func (p part) takes(segment string) bool {
	if p.kind == variable {
		return segment != ""
	}
	return p.text == segment || p.text == Decode(segment)
}

// compare is negative if p wins over q. Both match the same request.
func (p pattern) compare(q pattern) int {
	return cmp.Or(
		cmp.Compare(p.class(), q.class()),
		cmp.Compare(p.methodRank(), q.methodRank()),
		slices.CompareFunc(p.parts, q.parts, func(a, b part) int { return cmp.Compare(a.kind, b.kind) }),
		// If the keys differ only in variable names, the first route wins. AWS
		// does not allow the second.
	)
}

// class is 0 for a full match, 1 for a greedy variable, 2 for $default.
func (p pattern) class() int {
	switch {
	case p.isFallback:
		return 2
	case p.parts[len(p.parts)-1].kind == greedy:
		return 1
	}
	return 0
}

func (p pattern) methodRank() int {
	if p.method == "ANY" {
		return 1
	}
	return 0
}

// capture returns the values of the variables, or nil if there are none.
func (p pattern) capture(segments []string) map[string]string {
	var out map[string]string
	for i, part := range p.parts {
		if part.kind == literal {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		if part.kind == greedy {
			out[part.text] = Decode(strings.Join(segments[i:], "/"))
		} else {
			out[part.text] = Decode(segments[i])
		}
	}
	return out
}

// Decode decodes percent-encoding once. Invalid encodings stay as they are.
func Decode(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}
