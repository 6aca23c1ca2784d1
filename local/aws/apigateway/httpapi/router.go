package httpapi

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// A match is the route that serves a request and what its variables captured,
// decoded.
type match struct {
	route      *Route
	parameters map[string]string
}

// findRoute picks the route of a method and an escaped path. Of all that match:
//
//  1. one that matches the whole path, then one that ends in a greedy variable,
//     then $default (documented:
//     https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html);
//  2. its own method before ANY (not recorded, not documented;
//     https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md
//     reports it as observed, with this place between the rules);
//  3. segment by segment from the left, a literal before a variable before a
//     greedy one (literal before variable is documented; the rest is how AWS's
//     own test tool chooses).
//
// The path is cut at its slashes before it is decoded, so an encoded slash does
// not make a segment (not recorded).
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

// A pattern is a route key, taken apart.
type pattern struct {
	method     string // "" for $default
	parts      []part
	isFallback bool
}

type part struct {
	text string // the literal, or the name of the variable
	kind kind
}

type kind int

// In the order in which they win.
const (
	literal kind = iota
	variable
	greedy
)

// parseKey never fails: whether a key is allowed is asked when it is created. A
// key of another form matches no request.
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

// matches reports whether the pattern takes the path. A variable takes one
// segment that is not empty, so that a trailing slash is another path. A greedy
// one takes one segment or more: /pe is not for /pe/{proxy+}, while "/" is for
// /{proxy+}, both as AWS's test tool has it; that the segment may be empty below
// another one as well is not recorded.
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

// compare is negative when p wins over q; both match the same request.
func (p pattern) compare(q pattern) int {
	return cmp.Or(
		cmp.Compare(p.class(), q.class()),
		cmp.Compare(p.methodRank(), q.methodRank()),
		slices.CompareFunc(p.parts, q.parts, func(a, b part) int { return cmp.Compare(a.kind, b.kind) }),
		// Of two that differ in names only the first declared stays; AWS refuses
		// the second when it is created.
	)
}

// class is 0 for a full match, 1 for a greedy one, 2 for $default.
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

// capture returns what the variables stand for, nil when there are none.
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

// Decode undoes percent-encoding once. What is not valid stays as it is.
func Decode(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}
