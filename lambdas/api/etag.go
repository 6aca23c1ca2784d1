package api

import (
	"slices"
	"strconv"
	"strings"
)

// maxVersions is how many versions an IN operator of DynamoDB accepts.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const maxVersions = 100

// ETag returns the strong entity tag of a version.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// Match is the condition of an If-Match header: any version, or one of up to
// 100 versions. No version meets the zero Match.
type Match struct {
	Any      bool
	Versions []int64
}

// IfMatch reads the header If-Match: "*" or a list of entity tags as ETag
// writes them. noun names the thing in problems, such as "item". IfMatch fails
// with PreconditionRequired if there is no header. It fails with Validation for
// another form or too many tags, and with VersionConflict if none of the tags
// can be a version's.
// https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
func IfMatch(r Request, noun string) (Match, error) {
	header, found := Header(r, "If-Match")
	if !found {
		return Match{}, Refuse(PreconditionRequired, `send the %s's ETag as If-Match, such as "3"`, noun)
	}
	header = strings.Trim(header, " \t")
	if header == "*" {
		return Match{Any: true}, nil
	}
	tags, ok := entityTags(header)
	if !ok {
		return Match{}, Refuse(Validation, `If-Match must be * or entity tags with commas between them, such as "3"`)
	}
	var versions []int64
	for _, tag := range tags {
		// If-Match uses the strong comparison: a weak tag, such as W/"3",
		// matches no version.
		version, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
		if err == nil && ETag(version) == tag && !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	switch {
	case len(versions) == 0:
		return Match{}, Changed(noun)
	case len(versions) > maxVersions:
		return Match{}, Refuse(Validation, "If-Match may name at most %d versions", maxVersions)
	}
	return Match{Versions: versions}, nil
}

// entityTags returns the tags of a list. It skips empty elements. It reports
// whether the list is well-formed and has at least one tag.
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

// tagLength returns the length of the entity tag at the start of s, or 0 if
// there is none. A tag may contain commas.
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
