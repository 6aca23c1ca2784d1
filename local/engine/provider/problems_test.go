package provider

import (
	"slices"
	"testing"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	var p Problems
	p.OneOf("two", "c", "a", "b")
	p.OneOf("three", "d", "a", "b", "c")
	p.OneOf("given", "a", "a", "b")
	p.OneOf("absent", "", "a", "b")
	p.AtMost("rules", 3, 2, "rules")
	p.AtMost("few", 2, 2, "rules")
	p.MaxCharacters("long", "äöü", 2)
	p.MaxCharacters("short", "äöü", 3)
	p.Within("low", 0, 1, 10, "seconds")
	p.Within("high", 11, 1, 10, "")
	p.Within("lowest", 1, 1, 10, "")
	p.Within("highest", 10, 1, 10, "")
	p.Add("", "costs %d%%", 100)

	var got []string
	for _, problem := range p {
		got = append(got, problem.Error())
	}
	want := []string{
		`two: "c" is neither a nor b`,
		`three: "d" is none of a, b, c`,
		`rules: has 3 rules; at most 2`,
		`long: has 3 characters; at most 2`,
		`low: 0 is not within 1 to 10 seconds`,
		`high: 11 is not within 1 to 10`,
		`costs 100%`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems\n%q\nwant\n%q", got, want)
	}
}
