package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// reader reads settings and collects what is wrong with them, so that a person
// sees all of it at once.
type reader struct {
	project string
	lookup  func(key string) (value string, ok bool)
	keys    []string // that were read
	errs    []error
}

// text returns the setting, or "" and notes that it is not set.
func (r *reader) text(key string) (value string, ok bool) {
	r.keys = append(r.keys, key)
	value, ok = r.lookup(r.project + ":" + key)
	if !ok {
		r.errs = append(r.errs, fmt.Errorf("%s:%s is not set and has no default in Pulumi.yaml; "+
			"set it with pulumi config set %s VALUE", r.project, key, key))
	}
	return value, ok
}

func (r *reader) refuse(key, value, allowed string) {
	r.errs = append(r.errs, fmt.Errorf("%s:%s must be %s, not %q; change it with pulumi config set %s VALUE",
		r.project, key, allowed, value, key))
}

func (r *reader) number(key string, least, most int) int {
	value, ok := r.text(key)
	n, err := strconv.Atoi(value)
	if ok && (err != nil || n < least || n > most) {
		r.refuse(key, value, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n
}

func (r *reader) flag(key string) bool {
	value, ok := r.text(key)
	if ok && value != "true" && value != "false" {
		r.refuse(key, value, "true or false")
	}
	return value == "true"
}

func (r *reader) oneOf(key string, allowed ...string) string {
	value, ok := r.text(key)
	if ok && !slices.Contains(allowed, value) {
		last := len(allowed) - 1
		r.refuse(key, value, strings.Join(allowed[:last], ", ")+" or "+allowed[last])
	}
	return value
}

// optional returns a setting that may be empty, and refuses any other value
// that is not of the form.
func (r *reader) optional(key, allowed, form string) string {
	value, ok := r.text(key)
	if ok && value != "" && !regexp.MustCompile(form).MatchString(value) {
		r.refuse(key, value, "empty, or "+allowed)
	}
	return value
}

// object decodes a setting with parts into to, and refuses parts that it has
// no place for. It tells whether to is of use.
func (r *reader) object(key, allowed string, to any) (ok bool) {
	value, ok := r.text(key)
	if !ok {
		return false
	}
	d := json.NewDecoder(strings.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		r.refusePart(key, value, allowed)
		return false
	}
	return true
}

// refusePart refuses a part of a setting, which is easier edited than set.
func (r *reader) refusePart(key, part, allowed string) {
	r.errs = append(r.errs, fmt.Errorf("%s:%s must be %s, not %s; change it in Pulumi.STACK.yaml", r.project, key, allowed, part))
}

// refuseOthers refuses the settings of this project that were not read. The SDK
// lists no keys, so they come from the variable that it reads itself.
func (r *reader) refuseOthers(settings string) {
	if settings == "" {
		return
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(settings), &all); err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", pulumi.EnvConfig, err))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(key, "aws:") && key != "aws:region" {
			r.errs = append(r.errs, fmt.Errorf("%s has no effect: this program's provider takes %s:account, profile, role and tags; "+
				"remove it with pulumi config rm %s", key, r.project, key))
		}
		name, ours := strings.CutPrefix(key, r.project+":")
		if ours && !slices.Contains(r.keys, name) {
			r.errs = append(r.errs, fmt.Errorf("%s is not a setting; there are %s; remove it with pulumi config rm %s",
				key, strings.Join(slices.Sorted(slices.Values(r.keys)), ", "), name))
		}
	}
}
