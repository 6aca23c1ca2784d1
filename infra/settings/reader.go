// Package settings reads the configuration of a Pulumi stack into values of Go.
// It holds each setting to what it may be, and collects a sentence for each that
// is not, so that a person sees all of them at once.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Reader reads the settings of a project. A method that reads returns the zero
// value, or what the setting holds, for a setting that it refuses: what was read
// is of use when Err returns nil.
type Reader struct {
	Project string                                   // a setting's key is PROJECT:NAME
	Stack   string                                   // whose settings they are
	Lookup  func(key string) (value string, ok bool) // finds a setting by its whole key
	Unset   string                                   // why a setting may not be set, as in "has no default in Pulumi.yaml"

	keys []string // that were read, without the project
	errs []error
}

// Err returns all refusals, a line each in their order, or nil.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

// Report adds a refusal that has a sentence of its own.
func (r *Reader) Report(err error) { r.errs = append(r.errs, err) }

// Command is a `pulumi config` command for the stack, as a person types it,
// whichever stack is selected.
func (r *Reader) Command(words ...string) string {
	return "pulumi config " + strings.Join(append(words, "--stack", r.Stack), " ")
}

// Refuse reports that a setting has this value and must be what is allowed.
func (r *Reader) Refuse(key, value, allowed string) {
	r.Report(fmt.Errorf("%s:%s must be %s, not %q; change it with %s",
		r.Project, key, allowed, value, r.Command("set", key, "VALUE")))
}

// RefusePart refuses a part of a setting, which is easier edited than set.
func (r *Reader) RefusePart(key, part, allowed string) {
	r.Report(fmt.Errorf("%s:%s must be %s, not %s; change it in Pulumi.%s.yaml", r.Project, key, allowed, part, r.Stack))
}

// Text returns the setting, or "" and notes that it is not set.
func (r *Reader) Text(key string) (value string, ok bool) {
	r.keys = append(r.keys, key)
	value, ok = r.Lookup(r.Project + ":" + key)
	if !ok {
		r.Report(fmt.Errorf("%s:%s is not set and %s; set it with %s", r.Project, key, r.Unset, r.Command("set", key, "VALUE")))
	}
	return value, ok
}

// Match takes a value that matches the whole of a pattern.
func (r *Reader) Match(key, pattern, allowed string) string {
	value, ok := r.Text(key)
	if ok && !whole(pattern).MatchString(value) {
		r.Refuse(key, value, allowed)
	}
	return value
}

// Optional takes a value that is empty or matches the whole of a pattern.
func (r *Reader) Optional(key, pattern, allowed string) string {
	return r.Match(key, "|"+pattern, "empty, or "+allowed)
}

// OneOf takes one of the values that are allowed, of which there are two at
// least.
func (r *Reader) OneOf(key string, allowed ...string) string {
	value, ok := r.Text(key)
	if ok && !slices.Contains(allowed, value) {
		last := len(allowed) - 1
		r.Refuse(key, value, strings.Join(allowed[:last], ", ")+" or "+allowed[last])
	}
	return value
}

// Number takes a whole number between two bounds, which it may be itself.
func (r *Reader) Number(key string, least, most int) int {
	value, ok := r.Text(key)
	n, err := strconv.Atoi(value)
	if ok && (err != nil || n < least || n > most) {
		r.Refuse(key, value, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n
}

// Flag takes true and false, and none of YAML's other words for them.
func (r *Reader) Flag(key string) bool {
	value, ok := r.Text(key)
	if ok && value != "true" && value != "false" {
		r.Refuse(key, value, "true or false")
	}
	return value == "true"
}

// List takes a JSON array of values that each match the whole of a pattern.
func (r *Reader) List(key, pattern, allowed string) []string {
	value, ok := r.Text(key)
	if !ok {
		return nil
	}
	var items []string
	if err := json.Unmarshal([]byte(value), &items); err != nil {
		r.Refuse(key, value, "a list of "+allowed)
		return nil
	}
	for _, item := range items {
		if !whole(pattern).MatchString(item) {
			r.Refuse(key, item, allowed)
		}
	}
	return items
}

// Object decodes a setting with parts into to, and refuses parts that it has
// no place for. It tells whether to is of use.
func (r *Reader) Object(key, allowed string, to any) (ok bool) {
	value, ok := r.Text(key)
	if !ok {
		return false
	}
	d := json.NewDecoder(strings.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		r.RefusePart(key, value, allowed)
		return false
	}
	return true
}

// Keys are the whole keys of all that is set, in order. The SDK lists none, so
// they come from the variable that it reads itself, pulumi.EnvConfig, of which
// config is the value; "" is no settings.
func (r *Reader) Keys(config string) []string {
	if config == "" {
		return nil
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(config), &all); err != nil {
		r.Report(fmt.Errorf("%s: %w", pulumi.EnvConfig, err))
		return nil
	}
	return slices.Sorted(maps.Keys(all))
}

// RefuseOthers refuses those of the keys that are the project's and were not
// read: a misspelt one would silently leave the default in force. It is called
// after all settings are read.
func (r *Reader) RefuseOthers(keys []string) {
	for _, key := range keys {
		name, ours := strings.CutPrefix(key, r.Project+":")
		if ours && !slices.Contains(r.keys, name) {
			r.Report(fmt.Errorf("%s is not a setting; there are %s; remove it with %s",
				key, strings.Join(slices.Sorted(slices.Values(r.keys)), ", "), r.Command("rm", name)))
		}
	}
}

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`\A(?:` + pattern + `)\z`) }
