package main

import (
	"fmt"
	"slices"
	"strings"

	"skiff/infra/recording"
)

// demand is what a rule requires of a resource. Spoil breaks it.
type demand struct {
	met   func(subject) bool
	spoil func(subject)
}

// subject is a resource that a rule applies to, with its recording.
type subject struct {
	rec *recording.Stack
	res recording.Resource
}

// input returns the input at a path such as "a.b", or nil.
func (s subject) input(path string) any {
	steps := strings.Split(path, ".")
	holder, last := nested(s.res, steps[:len(steps)-1]...), steps[len(steps)-1]
	return holder[last]
}

// text returns the text of an input, which is "<nil>" for a missing one.
func (s subject) text(path string) string { return fmt.Sprint(s.input(path)) }

// put sets the input at the path and creates the objects that lead to it.
func (s subject) put(path string, value any) {
	steps := strings.Split(path, ".")
	holder := s.res.Inputs
	for _, step := range steps[:len(steps)-1] {
		next, ok := holder[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			holder[step] = next
		}
		holder = next
	}
	holder[steps[len(steps)-1]] = value
}

// replace changes the resource itself, not its inputs.
func (s subject) replace(changed func(*recording.Resource)) {
	changed(&s.res)
	s.rec.Resources[s.res.Key()] = s.res
}

// others returns the resources of a type.
func (s subject) others(typ string) map[string]recording.Resource { return s.rec.Of(typ) }

// webSocket reports whether the resource belongs to a WebSocket API.
func webSocket(s subject) bool {
	for name, api := range s.others(apiType) {
		if api.Inputs["protocolType"] == "WEBSOCKET" && s.input("apiId") == "api-id of "+name {
			return true
		}
	}
	return false
}

// has wants the input to be set.
func has(path string) demand {
	return demand{func(s subject) bool { return s.input(path) != nil }, func(s subject) { s.put(path, nil) }}
}

// lacks wants the input not to be set.
func lacks(path string) demand {
	return demand{func(s subject) bool { return s.input(path) == nil }, func(s subject) { s.put(path, "x") }}
}

// is wants the input to be one of the values.
func is(path string, values ...any) demand {
	return demand{func(s subject) bool { return slices.Contains(values, s.input(path)) }, func(s subject) { s.put(path, "x") }}
}

// isNot wants the input not to be the value.
func isNot(path string, value any) demand {
	return demand{func(s subject) bool { return s.input(path) != value }, func(s subject) { s.put(path, value) }}
}

// between wants a number in the range, or one of the other numbers.
func between(path string, least, most float64, or ...float64) demand {
	return demand{func(s subject) bool {
		n, ok := s.input(path).(float64)
		return ok && (n >= least && n <= most || slices.Contains(or, n))
	}, func(s subject) { s.put(path, most+1) }}
}

// contains wants a list that contains the value.
func contains(path string, value any) demand {
	return demand{func(s subject) bool {
		list, _ := s.input(path).([]any)
		return slices.Contains(list, value)
	}, func(s subject) { s.put(path, []any{}) }}
}

// customerKey wants a KMS key that the account owns.
func customerKey(path string) demand {
	return demand{func(s subject) bool { return strings.Contains(s.text(path), ":key/") }, func(s subject) { s.put(path, "alias/aws/x") }}
}

// accompanied wants the stack to have a resource of another type.
func accompanied(typ string) demand {
	return demand{func(s subject) bool { return len(s.others(typ)) > 0 }, func(s subject) {
		for name := range s.others(typ) {
			delete(s.rec.Resources, typ+" "+name)
		}
	}}
}

// tagged wants the resource's provider to add default tags with these names.
func tagged(names ...string) demand {
	return demand{func(s subject) bool {
		for name, provider := range s.others(accountType) {
			tags := nested(provider, "defaultTags", "tags")
			lacks := func(name string) bool { return tags[name] == nil }
			if strings.Contains(s.res.Provider, "::"+accountType+"::"+name+"::") && len(tags) > 0 && !slices.ContainsFunc(names, lacks) {
				return true
			}
		}
		return false
	}, func(s subject) { s.replace(func(res *recording.Resource) { res.Provider = "" }) }}
}

// defaultTags returns the tags that the provider adds to every resource.
func defaultTags(r *recording.Stack) map[string]any {
	return nested(r.Of(accountType)["aws"], "defaultTags", "tags")
}
