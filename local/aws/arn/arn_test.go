package arn

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, value string
		want           bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "", false},
		{"a", "a", true},
		{"a", "A", false},
		{"a", "ab", false},
		{"*", "", true},
		{"*", "a:b/c", true},
		{"a*", "a", true},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "abcd", false},
		{"a*c", "abcbc", true},
		{"*b*d*", "abcde", true},
		{"*b*d*", "adcbe", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"?", "", false},
		{"a**", "a", true},
		{"[a]", "a", false},
		{"arn:aws:dynamodb:*:*:table/x", "arn:aws:dynamodb:eu-west-1:1:table/x", true},
		{"arn:aws:dynamodb:*", "arn:aws:dynamodb:eu-west-1:1:table/x", true},
	}
	for _, test := range tests {
		if got := Match(test.pattern, test.value); got != test.want {
			t.Errorf("Match(%q, %q) = %v", test.pattern, test.value, got)
		}
	}
	// The time for a pattern must not grow exponentially with its stars.
	if Match(strings.Repeat("a*", 200)+"b", strings.Repeat("a", 5000)) {
		t.Error("a pattern that ends in b matches only a")
	}
}

func TestLike(t *testing.T) {
	t.Parallel()
	const value = "arn:aws:execute-api:eu-west-1:1:api/stage/GET/items"
	for pattern, want := range map[string]bool{
		value:                                   true,
		"arn:aws:execute-api:eu-west-1:1:api/*": true,
		"arn:aws:execute-api:*:*:api/*/GET/items": true,
		"arn:aws:execute-api:*:api/*":             false, // a star does not match a colon
		"arn:*":                                   false,
		"arn:aws:execute-api:eu-west-1:1:other/*": false,
		"arn:aws:execute-api:eu-west-?:1:api/*":   true,
		"*":                                       false,
	} {
		if got := Like(pattern, value); got != want {
			t.Errorf("Like(%q) = %v", pattern, got)
		}
	}
	if !Like("arn:aws:logs:r:1:log-group:*", "arn:aws:logs:r:1:log-group:a:log-stream:b") {
		t.Error("a star in the resource spans colons")
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	made := New("dynamodb", "eu-west-1", "1", "table/x")
	if made != "arn:aws:dynamodb:eu-west-1:1:table/x" || Region(made) != "eu-west-1" || Region("x") != "" {
		t.Errorf("made %s in %q", made, Region(made))
	}
}

func TestWithAccount(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{"arn:aws:iam:::user/a:b": "arn:aws:iam::1:user/a:b", "arn:aws:sqs:r:2:q": "arn:aws:sqs:r:1:q", "q": "q"} {
		if got := WithAccount(arn, "1"); got != want {
			t.Errorf("%s became %s", arn, got)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	parts, ok := Parse("arn:aws:logs:r:1:log-group:/a:*")
	if !ok || parts.Service != "logs" || parts.AccountID != "1" || parts.Resource != "log-group:/a:*" {
		t.Errorf("parsed %+v, %v", parts, ok)
	}
	for _, text := range []string{"", "arn", "arn:aws:sqs:r:1", "1:function:f", "urn:aws:sqs:r:1:q"} {
		if parts, ok := Parse(text); ok || parts.Resource != "" {
			t.Errorf("%q is an ARN, %+v", text, parts)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	const queue, topic, function = "arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sns:eu-west-1:123456789012:t", "arn:aws:lambda:eu-west-1:123456789012:function:f"
	for _, test := range []struct {
		form          string
		is            func(string) bool
		taken, others []string
	}{
		{"topic", IsTopic, []string{topic, topic + strings.Repeat("x", 255)},
			[]string{"", topic + ".fifo", topic + ":u", topic + strings.Repeat("x", 256), queue, "t", topic + "\n"}},
		{"queue", IsQueue, []string{queue, queue + strings.Repeat("x", 79)},
			[]string{"", queue + ".fifo", queue + strings.Repeat("x", 80), "arn:aws:sqs:eu-west-1:1:q", topic}},
		{"function", IsFunction, []string{function, function + ":$LATEST"},
			[]string{"", "f", function + ":1", function + ":live", function + "/x", strings.ReplaceAll(function, "function", "layer"), queue}},
	} {
		for _, text := range test.taken {
			if !test.is(text) {
				t.Errorf("%s is no %s", text, test.form)
			}
		}
		for _, text := range test.others {
			if test.is(text) {
				t.Errorf("%q is a %s", text, test.form)
			}
		}
	}
}
