package provider

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one reason to refuse a resource's inputs.
type Problem struct {
	Property string // "" for the resource as a whole
	Reason   string
}

func (p *Problem) Error() string {
	if p.Property == "" {
		return p.Reason
	}
	return p.Property + ": " + p.Reason
}

// Problems collects the reasons to refuse a resource's inputs.
type Problems []Problem

// Add adds a reason to refuse a property.
func (p *Problems) Add(property, format string, args ...any) {
	*p = append(*p, Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
}

// OneOf refuses a value that is not empty and not allowed.
func (p *Problems) OneOf(property, value string, allowed ...string) {
	switch {
	case value == "" || slices.Contains(allowed, value):
	case len(allowed) == 2:
		p.Add(property, "%q is neither %s nor %s", value, allowed[0], allowed[1])
	default:
		p.Add(property, "%q is none of %s", value, strings.Join(allowed, ", "))
	}
}

// AtMost refuses more than most elements; what names them, such as "rules".
func (p *Problems) AtMost(property string, n, most int, what string) {
	if n > most {
		p.Add(property, "has %d %s; at most %d", n, what, most)
	}
}

// MaxCharacters refuses a text that is too long. AWS counts characters, not
// bytes.
func (p *Problems) MaxCharacters(property, text string, most int) {
	p.AtMost(property, utf8.RuneCountInString(text), most, "characters")
}

// Within refuses a number outside low to high. unit, such as "seconds", follows
// the range and may be "".
func (p *Problems) Within(property string, n, low, high int, unit string) {
	if n < low || n > high {
		p.Add(property, "%s", strings.TrimSpace(fmt.Sprintf("%d is not within %d to %d %s", n, low, high, unit)))
	}
}
