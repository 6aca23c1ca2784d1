package note

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
)

// difference is one property that two values differ in.
type difference struct {
	path     string
	segments []string
	verb     string // add, delete or update
}

// differences are those in two objects or two lists, in order. Of anything
// else there are none: it differs as a whole. What the engine marks, such as a
// secret or an archive, is one value.
func differences(path string, segments []string, before, after any) (all []difference) {
	a, b := children(before), children(after)
	if a == nil || b == nil || reflect.TypeOf(before) != reflect.TypeOf(after) {
		return nil
	}
	keys := slices.Collect(maps.Keys(a))
	for key := range b {
		if _, ok := a[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, byNumber)
	for _, key := range keys {
		d := difference{join(path, key, before), append(slices.Clone(segments), key), "update"}
		was, there := a[key]
		is, still := b[key]
		switch {
		case !there:
			d.verb = "add"
		case !still:
			d.verb = "delete"
		case reflect.DeepEqual(was, is):
			continue
		default:
			if inner := differences(d.path, d.segments, was, is); len(inner) > 0 {
				all = append(all, inner...)
				continue
			}
		}
		all = append(all, d)
	}
	return all
}

// children are what an object or a list holds, or nil.
func children(value any) map[string]any {
	switch v := value.(type) {
	case map[string]any:
		if _, marked := v[signature]; !marked {
			return v
		}
	case []any:
		all := map[string]any{}
		for i, item := range v {
			all[strconv.Itoa(i)] = item
		}
		return all
	}
	return nil
}

// byNumber compares keys: numbers, which those of lists are, before others.
func byNumber(a, b string) int {
	n, errA := strconv.Atoi(a)
	m, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Or(cmp.Compare(n, m), cmp.Compare(a, b))
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return cmp.Compare(a, b)
}

var word = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$-]*$`)

// join is the path of what a property holds by a key.
func join(path, key string, in any) string {
	if _, list := in.([]any); list {
		return path + "[" + key + "]"
	}
	if word.MatchString(key) {
		return path + "." + key
	}
	return fmt.Sprintf("%s[%q]", path, key)
}
