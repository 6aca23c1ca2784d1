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

// difference is a property in which two values differ.
type difference struct {
	path     string
	segments []string
	verb     string // add, delete or update
}

// differences returns the properties in which two objects or two lists differ,
// sorted. For other values it returns nil. A value that the engine marks, such
// as a secret or an archive, counts as one value.
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

// children returns the members of an object or a list, or nil for another
// value.
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

// byNumber compares keys. Numbers, such as the indices of lists, come first.
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

// join returns the path of the member key in a property.
func join(path, key string, parent any) string {
	if _, list := parent.([]any); list {
		return path + "[" + key + "]"
	}
	if word.MatchString(key) {
		return path + "." + key
	}
	return fmt.Sprintf("%s[%q]", path, key)
}
