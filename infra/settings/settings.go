// Package settings reads and checks the settings of a Pulumi stack. It reports
// every wrong setting, not only the first, so that a person can correct all of
// them together.
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

// Reader reads the settings of a project. For a wrong setting, a method reports
// an error and returns either the zero value or the wrong value. Use the values
// only if Err returns nil.
type Reader struct {
	Project string                                   // a setting's key is PROJECT:NAME
	Stack   string                                   // for the commands in errors
	Lookup  func(key string) (value string, ok bool) // returns a setting by its whole key
	Unset   string                                   // the reason for a missing setting, such as "has no default in Pulumi.yaml"

	keys []string // the names that were read
	errs []error
}

// Err returns all reported errors, one a line, or nil.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

// Report adds an error.
func (r *Reader) Report(err error) { r.errs = append(r.errs, err) }

// Command returns a `pulumi config` command with the words and --stack, so that
// it works whichever stack is selected.
func (r *Reader) Command(words ...string) string {
	return "pulumi config " + strings.Join(append(words, "--stack", r.Stack), " ")
}

// Refuse reports a setting with a value that is not allowed.
func (r *Reader) Refuse(key, value, allowed string) {
	r.Report(fmt.Errorf("%s:%s must be %s, not %q; change it with %s",
		r.Project, key, allowed, value, r.Command("set", key, "VALUE")))
}

// RefusePart reports a wrong part of a list or an object. It advises editing
// the file, which is easier than a command for such a setting.
func (r *Reader) RefusePart(key, part, allowed string) {
	r.Report(fmt.Errorf("%s:%s must be %s, not %s; change it in Pulumi.%s.yaml", r.Project, key, allowed, part, r.Stack))
}

// Text returns the setting. If the setting is missing, Text reports that and
// returns "".
func (r *Reader) Text(key string) (value string, ok bool) {
	r.keys = append(r.keys, key)
	value, ok = r.Lookup(r.Project + ":" + key)
	if !ok {
		r.Report(fmt.Errorf("%s:%s is not set and %s; set it with %s", r.Project, key, r.Unset, r.Command("set", key, "VALUE")))
	}
	return value, ok
}

// Match returns the setting and refuses a value unless the whole value matches
// the pattern.
func (r *Reader) Match(key, pattern, allowed string) string {
	value, ok := r.Text(key)
	if ok && !whole(pattern).MatchString(value) {
		r.Refuse(key, value, allowed)
	}
	return value
}

// Optional is like Match but also accepts an empty value.
func (r *Reader) Optional(key, pattern, allowed string) string {
	return r.Match(key, "|"+pattern, "empty, or "+allowed)
}

// OneOf returns the setting and refuses a value that is not one of allowed.
// There must be at least two.
func (r *Reader) OneOf(key string, allowed ...string) string {
	value, ok := r.Text(key)
	if ok && !slices.Contains(allowed, value) {
		last := len(allowed) - 1
		r.Refuse(key, value, strings.Join(allowed[:last], ", ")+" or "+allowed[last])
	}
	return value
}

// Number returns the setting and refuses a value that is not a whole number
// from least to most.
func (r *Reader) Number(key string, least, most int) int {
	value, ok := r.Text(key)
	n, err := strconv.Atoi(value)
	if ok && (err != nil || n < least || n > most) {
		r.Refuse(key, value, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n
}

// Flag returns the setting and refuses every value except true and false, such
// as YAML's yes and no.
func (r *Reader) Flag(key string) bool {
	value, ok := r.Text(key)
	if ok && value != "true" && value != "false" {
		r.Refuse(key, value, "true or false")
	}
	return value == "true"
}

// List returns a setting that is a JSON array. It refuses an item unless the
// whole item matches the pattern.
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

// Object decodes a JSON setting into the value that to points to. It refuses
// unknown members. It reports whether it decoded the setting.
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

// Keys returns the whole keys of all settings, sorted. The Pulumi SDK cannot
// list the keys, so config is the value of the environment variable that the
// SDK reads, pulumi.EnvConfig. If config is empty, there are no settings.
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

// RefuseOthers refuses keys of the project that no method has read: a misspelt
// key would silently leave the default in effect. Call it after all settings
// are read.
func (r *Reader) RefuseOthers(keys []string) {
	for _, key := range keys {
		name, ours := strings.CutPrefix(key, r.Project+":")
		if ours && !slices.Contains(r.keys, name) {
			r.Report(fmt.Errorf("%s is not a setting; the settings are %s; remove it with %s",
				key, strings.Join(slices.Sorted(slices.Values(r.keys)), ", "), r.Command("rm", name)))
		}
	}
}

// whole compiles the pattern so that it matches only whole texts.
func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`\A(?:` + pattern + `)\z`) }
