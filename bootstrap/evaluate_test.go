package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// request is a call with its context. A key that is not in the context is
// absent for IAM too.
type request struct {
	action, resource string
	context          map[string][]string
}

// parsed is a policy, decoded independently of this program's types.
type parsed struct {
	Version   string
	Statement []struct {
		Effect    string
		Principal any
		Action    []string
		NotAction []string
		Resource  []string
		Condition map[string]map[string][]string
	}
}

func parse(t *testing.T, text any) parsed {
	t.Helper()
	var p parsed
	d := json.NewDecoder(strings.NewReader(fmt.Sprint(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%v in %v", err, text)
	}
	return p
}

// allowed reports whether IAM allows the request: no Deny applies and an Allow
// does. A trust policy has no resources and applies to its role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func allowed(t *testing.T, policies []parsed, r request) bool {
	t.Helper()
	allow := false
	for _, p := range policies {
		for _, s := range p.Statement {
			acts := anyLike(s.Action, r.action, true) || s.NotAction != nil && !anyLike(s.NotAction, r.action, true)
			if !acts || s.Resource != nil && !anyLike(s.Resource, r.resource, false) || !holds(t, s.Condition, r.context) {
				continue
			}
			if s.Effect == "Deny" {
				return false
			}
			allow = true
		}
	}
	return allow
}

// holds reports whether every condition holds. An unknown operator fails the
// test, because ignoring it would allow more than IAM does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func holds(t *testing.T, conditions map[string]map[string][]string, context map[string][]string) bool {
	t.Helper()
	for operator, keys := range conditions {
		for key, patterns := range keys {
			values, present := context[key]
			var ok bool
			switch operator {
			case "Null":
				ok = (patterns[0] == "true") != present
			case "StringEquals", "Bool":
				ok = present && len(values) == 1 && contains(patterns, values[0])
			case "StringLike", "ArnLike":
				ok = present && len(values) == 1 && anyLike(patterns, values[0], false)
			case "ForAllValues:StringLike":
				ok = true
				for _, value := range values {
					ok = ok && anyLike(patterns, value, false)
				}
			default:
				t.Fatalf("the test does not know %s", operator)
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

func contains(texts []string, text string) bool {
	for _, other := range texts {
		if other == text {
			return true
		}
	}
	return false
}

// anyLike reports whether a pattern matches the text: * matches any characters,
// ? matches one. Fold ignores case, as IAM does for actions.
func anyLike(patterns []string, text string, fold bool) bool {
	if fold {
		text = strings.ToLower(text)
	}
	for _, pattern := range patterns {
		if fold {
			pattern = strings.ToLower(pattern)
		}
		if like(pattern, text) {
			return true
		}
	}
	return false
}

func like(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return like(pattern[1:], text) || text != "" && like(pattern, text[1:])
	case text == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == text[0]) && like(pattern[1:], text[1:])
}

// TestEvaluator tests the evaluator on policies whose effects AWS documents.
func TestEvaluator(t *testing.T) {
	t.Parallel()
	const form = `{"Version":"2012-10-17","Statement":[%s]}`
	const all = `{"Effect":"Allow","Action":["*"],"Resource":["*"]}`
	with := func(condition string) string {
		return `{"Effect":"Allow","Action":["s3:Get*"],"Resource":["*"],"Condition":` + condition + `}`
	}
	get := func(context map[string][]string) request { return request{"s3:GetObject", "arn:aws:s3:::b/o", context} }
	k := func(values ...string) map[string][]string { return map[string][]string{"k": values} }
	for _, test := range []struct {
		name, statements string
		request          request
		want             bool
	}{
		{"nothing", "", get(nil), false},
		{"all", all, get(nil), true},
		{"deny comes first", all + `,{"Effect":"Deny","Action":["s3:getobject"],"Resource":["arn:aws:s3:::b/?"]}`, get(nil), false},
		{"deny of others", all + `,{"Effect":"Deny","NotAction":["s3:GetObject"],"Resource":["*"]}`, get(nil), true},
		{"deny of this", all + `,{"Effect":"Deny","NotAction":["s3:PutObject"],"Resource":["*"]}`, get(nil), false},
		{"another resource", `{"Effect":"Allow","Action":["*"],"Resource":["arn:aws:s3:::b"]}`, get(nil), false},
		{"equals", with(`{"StringEquals":{"k":["a","b"]}}`), get(k("b")), true},
		{"StringEquals has no wildcards", with(`{"StringEquals":{"k":["*"]}}`), get(k("b")), false},
		{"absent", with(`{"StringLike":{"k":["*"]}}`), get(nil), false},
		{"like", with(`{"StringLike":{"k":["a*c"]}}`), get(k("abbc")), true},
		{"all of two", with(`{"StringLike":{"k":["a"]},"Null":{"x":["true"]}}`), get(k("a")), true},
		{"one of two", with(`{"StringLike":{"k":["a"]},"Null":{"x":["false"]}}`), get(k("a")), false},
		{"each of the values", with(`{"ForAllValues:StringLike":{"k":["a*"]}}`), get(k("a", "ab")), true},
		{"one value is another", with(`{"ForAllValues:StringLike":{"k":["a*"]}}`), get(k("a", "b")), false},
		{"all of none", with(`{"ForAllValues:StringLike":{"k":["a*"]}}`), get(nil), true},
	} {
		if got := allowed(t, []parsed{parse(t, fmt.Sprintf(form, test.statements))}, test.request); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
