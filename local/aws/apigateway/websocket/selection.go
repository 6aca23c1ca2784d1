package websocket

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// A selection is a parsed route selection expression
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-selection-expressions.html).
type selection []part

// part is literal text, or a member of the message's body.
type part struct {
	text string
	path []string // names from the outermost object inwards; nil for text
}

// CheckSelection returns an error if a route selection expression has other
// variables than $request.body.NAME. AWS documents no others for routes.
func CheckSelection(expression string) error {
	_, err := parseSelection(expression)
	return err
}

func parseSelection(expression string) (selection, error) {
	var parts selection
	rest := expression
	for rest != "" {
		at := strings.IndexAny(rest, `$\`)
		switch {
		case at < 0:
			return append(parts, part{text: rest}), nil
		case at > 0:
			parts = append(parts, part{text: rest[:at]})
			rest = rest[at:]
		case strings.HasPrefix(rest, `\$`):
			parts = append(parts, part{text: "$"})
			rest = rest[2:]
		case rest[0] == '\\':
			parts = append(parts, part{text: `\`})
			rest = rest[1:]
		default:
			var name string
			name, rest = cutVariable(rest[1:]) // "" if the brace is not closed
			path, ok := strings.CutPrefix(name, "request.body.")
			if !ok || strings.Contains("."+path+".", "..") {
				return nil, fmt.Errorf("route selection expression %q: the local cloud supports $request.body.NAME and ${request.body.NAME}, not ${%s}", expression, name)
			}
			parts = append(parts, part{path: strings.Split(path, ".")})
		}
	}
	return parts, nil
}

// cutVariable cuts the name of a variable after a "$". Without braces the name
// consists of letters, digits, "_" and ".".
func cutVariable(s string) (name, rest string) {
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		if name, rest, ok = strings.Cut(inner, "}"); !ok {
			return "", ""
		}
		return name, rest
	}
	end := strings.IndexFunc(s, func(r rune) bool {
		return r != '.' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// key evaluates the expression for a message. ok is false if the message is not
// JSON or lacks one of the members.
func (s selection) key(message []byte) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(message))
	d.UseNumber() // keeps a number as the client wrote it
	var body any
	if err := d.Decode(&body); err != nil {
		return "", false
	}
	if _, err := d.Token(); err != io.EOF {
		return "", false
	}
	var key strings.Builder
	for _, p := range s {
		text, ok := p.text, true
		if p.path != nil {
			text, ok = member(body, p.path)
		}
		if !ok {
			return "", false
		}
		key.WriteString(text)
	}
	return key.String(), true
}

// member returns a string, a number or a boolean in nested objects.
func member(body any, path []string) (string, bool) {
	for _, name := range path {
		object, ok := body.(map[string]any)
		if !ok {
			return "", false
		}
		body = object[name]
	}
	switch v := body.(type) {
	case string:
		return v, true
	case json.Number, bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// route returns the route for a message: the route of its key, or $default
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html).
// A message cannot select a predefined route, because a client could then fake
// a connect or a disconnect (not recorded).
func (s Stage) route(message []byte) (Route, bool) {
	if expression, err := parseSelection(s.SelectionExpression); err == nil {
		key, ok := expression.key(message)
		if r, found := s.Routes[key]; ok && found && !strings.HasPrefix(key, "$") {
			return r, true
		}
	}
	r, ok := s.Routes["$default"]
	return r, ok
}
