package eventpattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// exact matches an equal value. Numbers are compared as text: 300, 300.0 and
// 3.0e2 differ
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html).
type exact struct{ value any }

func (e exact) match(value any) bool { return value == e.value }

// text matches strings.
type text func(value string) bool

func (t text) match(value any) bool {
	s, ok := value.(string)
	return ok && t(s)
}

// number matches numbers.
type number func(value float64) bool

func (n number) match(value any) bool {
	s, ok := value.(json.Number)
	if !ok {
		return false
	}
	f, err := s.Float64()
	return err == nil && n(f)
}

// exists matches whether there is a value.
type exists bool

func (e exists) match(value any) bool { return (value != absent{}) == bool(e) }

// not matches an existing value that none of the matchers match.
type not []matcher

func (n not) match(value any) bool {
	return value != absent{} && !slices.ContainsFunc(n, func(m matcher) bool { return m.match(value) })
}

// parseMatcher parses an element of a list: a value, or an object with an
// operator.
func parseMatcher(in any, without []string) (matcher, error) {
	operator, ok := in.(map[string]any)
	if !ok {
		if _, list := in.([]any); list {
			return nil, errors.New("a list cannot contain a list")
		}
		return exact{in}, nil
	}
	if len(operator) != 1 {
		return nil, fmt.Errorf("an operator is an object with one member, not %d", len(operator))
	}
	for name, operand := range operator {
		if slices.Contains(without, name) {
			return nil, fmt.Errorf("%s is not an operator of these patterns", name)
		}
		return parseOperator(name, operand, without)
	}
	return nil, nil
}

func parseOperator(name string, operand any, without []string) (matcher, error) {
	switch name {
	case "exists":
		b, ok := operand.(bool)
		if !ok {
			return nil, errors.New("exists needs true or false")
		}
		return exists(b), nil
	case "numeric":
		return parseNumeric(operand)
	case "anything-but":
		return parseNot(operand, without)
	case "cidr":
		s, _ := operand.(string)
		network, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("cidr needs a network such as 10.0.0.0/24, not %v", operand)
		}
		return text(func(value string) bool {
			at, err := netip.ParseAddr(value)
			return err == nil && network.Contains(at)
		}), nil
	}
	return parseText(name, operand)
}

// parseText parses an operator on strings. The operand of prefix and suffix may
// also be {"equals-ignore-case": STRING}.
func parseText(name string, operand any) (matcher, error) {
	if inner, ok := operand.(map[string]any); ok && len(inner) == 1 && (name == "prefix" || name == "suffix") {
		s, ok := inner["equals-ignore-case"].(string)
		if !ok {
			return nil, fmt.Errorf("%s needs a string, or an object with equals-ignore-case", name)
		}
		return text(func(value string) bool {
			if len(value) < len(s) {
				return false
			}
			if name == "prefix" {
				return strings.EqualFold(value[:len(s)], s)
			}
			return strings.EqualFold(value[len(value)-len(s):], s)
		}), nil
	}
	s, ok := operand.(string)
	switch name {
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
		if !ok {
			return nil, fmt.Errorf("%s needs a string", name)
		}
	default:
		return nil, fmt.Errorf("unknown operator %s; the operators are anything-but, cidr, equals-ignore-case, exists, numeric, prefix, suffix, wildcard", name)
	}
	switch name {
	case "prefix":
		return text(func(value string) bool { return strings.HasPrefix(value, s) }), nil
	case "suffix":
		return text(func(value string) bool { return strings.HasSuffix(value, s) }), nil
	case "equals-ignore-case":
		return text(func(value string) bool { return strings.EqualFold(value, s) }), nil
	}
	return parseWildcard(s)
}

// parseWildcard parses a string in which * matches any characters. \* and \\
// match * and \.
func parseWildcard(s string) (matcher, error) {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
			part.WriteByte(s[i])
		case s[i] == '\\':
			return nil, errors.New(`wildcard: a \ must be followed by * or \`)
		case s[i] == '*' && i > 0 && s[i-1] == '*' && part.Len() == 0:
			return nil, errors.New("wildcard: a * must not follow another *")
		case s[i] == '*':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(s[i])
		}
	}
	parts = append(parts, part.String())
	return text(func(value string) bool { return matchParts(parts, value) }), nil
}

// matchParts reports whether value consists of parts with anything between
// them.
func matchParts(parts []string, value string) bool {
	if len(parts) == 1 {
		return value == parts[0]
	}
	value, ok := strings.CutPrefix(value, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		_, after, found := strings.Cut(value, p)
		if !found {
			return false
		}
		value = after
	}
	return strings.HasSuffix(value, parts[last])
}

// parseNot parses the operand of anything-but: one or more strings or numbers,
// or an operator on strings with one or more strings.
func parseNot(operand any, without []string) (matcher, error) {
	if operator, ok := operand.(map[string]any); ok {
		if len(operator) != 1 {
			return nil, fmt.Errorf("anything-but needs one operator, not %d", len(operator))
		}
		for name, inner := range operator {
			if slices.Contains(without, name) {
				return nil, fmt.Errorf("anything-but: %s is not an operator of these patterns", name)
			}
			var n not
			for _, e := range listed(inner) {
				m, err := parseText(name, e)
				if err != nil {
					return nil, fmt.Errorf("anything-but: %w", err)
				}
				n = append(n, m)
			}
			if len(n) == 0 {
				return nil, errors.New("anything-but needs a list that is not empty")
			}
			return n, nil
		}
	}
	var n not
	texts, numbers := 0, 0
	for _, e := range listed(operand) {
		switch e.(type) {
		case string:
			texts++
		case json.Number:
			numbers++
		default:
			return nil, errors.New("anything-but needs strings, numbers, or an operator on strings")
		}
		n = append(n, exact{e})
	}
	if len(n) == 0 || texts > 0 && numbers > 0 {
		return nil, errors.New("anything-but needs strings or numbers, not both")
	}
	return n, nil
}

func listed(operand any) []any {
	if list, ok := operand.([]any); ok {
		return list
	}
	return []any{operand}
}

// maxNumber is the largest number in a pattern; -maxNumber is the smallest
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#filtering-numeric-matching).
const maxNumber = 5e9

// parseNumeric parses a comparison, or the two ends of a range.
func parseNumeric(operand any) (matcher, error) {
	list, ok := operand.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		return nil, errors.New("numeric needs a comparison and a number, or two of each")
	}
	var all []number
	var signs []string
	for i := 0; i < len(list); i += 2 {
		sign, _ := list[i].(string)
		written, isNumber := list[i+1].(json.Number)
		limit, err := strconv.ParseFloat(string(written), 64)
		if !isNumber || err != nil || limit > maxNumber || limit < -maxNumber {
			return nil, fmt.Errorf("numeric needs numbers within -5e9 to 5e9, not %v", list[i+1])
		}
		compare := comparison(sign, limit)
		if compare == nil {
			return nil, fmt.Errorf("numeric needs one of =, <, <=, >, >=, not %v", list[i])
		}
		all, signs = append(all, compare), append(signs, sign)
	}
	if len(signs) == 2 && !(strings.HasPrefix(signs[0], ">") && strings.HasPrefix(signs[1], "<")) {
		return nil, errors.New("numeric needs a range as > or >= and a number, then < or <= and a number")
	}
	return number(func(value float64) bool {
		return !slices.ContainsFunc(all, func(n number) bool { return !n(value) })
	}), nil
}

func comparison(sign string, limit float64) number {
	switch sign {
	case "=":
		return func(v float64) bool { return v == limit }
	case "<":
		return func(v float64) bool { return v < limit }
	case "<=":
		return func(v float64) bool { return v <= limit }
	case ">":
		return func(v float64) bool { return v > limit }
	case ">=":
		return func(v float64) bool { return v >= limit }
	}
	return nil
}
