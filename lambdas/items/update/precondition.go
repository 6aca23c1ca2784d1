package update

import (
	"slices"
	"strconv"
	"strings"

	"skiff/lambdas/items"
)

// maxVersions is how many versions one condition may name.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const maxVersions = 100

// match is what If-Match asks of the item's version.
type match struct {
	any      bool    // the item exists, at whatever version
	versions []int64 // or is at one of these
}

// matchOf reads If-Match, which is "*" or a list of entity tags. It fails with
// PreconditionRequired without the header, with Validation for another form or
// too many tags, and with ErrVersion when no version has any of the tags.
// https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
func matchOf(r items.Request) (match, error) {
	header, found := items.Header(r, "If-Match")
	if !found {
		return match{}, items.Refuse(items.PreconditionRequired, `send the item's ETag as If-Match, such as "3"`)
	}
	header = strings.Trim(header, " \t")
	if header == "*" {
		return match{any: true}, nil
	}
	tags, ok := entityTags(header)
	if !ok {
		return match{}, items.Refuse(items.Validation, `If-Match must be * or entity tags with commas between them, such as "3"`)
	}
	var versions []int64
	for _, tag := range tags {
		// If-Match compares strongly, so a weak tag, which has a W/ before its
		// quotes, is no version's.
		version, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
		if err == nil && items.ETag(version) == tag && !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	switch {
	case len(versions) == 0:
		return match{}, items.ErrVersion
	case len(versions) > maxVersions:
		return match{}, items.Refuse(items.Validation, "If-Match may name at most %d versions", maxVersions)
	}
	return match{versions: versions}, nil
}

// entityTags are the tags of a list, of which empty elements are no part. It
// reports whether the list is well-formed and names one at least.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2
func entityTags(list string) (tags []string, ok bool) {
	for {
		list = strings.TrimLeft(list, " \t")
		if list != "" && list[0] != ',' {
			n := tagLength(list)
			if n == 0 {
				return nil, false
			}
			tags, list = append(tags, list[:n]), strings.TrimLeft(list[n:], " \t")
		}
		if list == "" {
			return tags, len(tags) > 0
		}
		if list[0] != ',' {
			return nil, false
		}
		list = list[1:]
	}
}

// tagLength is the length of the entity tag that s begins with, 0 if it begins
// with none. A tag may hold commas.
// https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
func tagLength(s string) int {
	opaque := strings.TrimPrefix(s, "W/")
	if !strings.HasPrefix(opaque, `"`) {
		return 0
	}
	for i, c := range []byte(opaque[1:]) {
		switch {
		case c == '"':
			return len(s) - len(opaque) + i + 2
		case c <= ' ', c == 0x7f:
			return 0
		}
	}
	return 0
}
