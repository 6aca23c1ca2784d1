package update

import (
	"strconv"
	"strings"

	"skiff/lambdas/items"
)

// versionOf is the version that If-Match names. Its problem is
// PreconditionRequired without the header, Validation unless it is one entity
// tag, and ErrVersion for a tag that no version has.
func versionOf(r items.Request) (int64, error) {
	tag, found := items.Header(r, "If-Match")
	if !found {
		return 0, items.Refuse(items.PreconditionRequired, `send the item's ETag as If-Match, such as "3"`)
	}
	tag = strings.TrimSpace(tag)
	opaque, weak := strings.CutPrefix(tag, "W/")
	if !isEntityTag(opaque) {
		return 0, items.Refuse(items.Validation, `If-Match must be one entity tag, such as "3"`)
	}
	// RFC 9110, 13.1.1: If-Match compares strongly, so a weak tag never matches.
	version, err := strconv.ParseInt(strings.Trim(opaque, `"`), 10, 64)
	if weak || err != nil || items.ETag(version) != opaque {
		return 0, items.ErrVersion
	}
	return version, nil
}

// isEntityTag follows RFC 9110, 8.8.3, without the weakness.
func isEntityTag(s string) bool {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	for _, c := range []byte(s[1 : len(s)-1]) {
		if c <= ' ' || c == '"' || c == 0x7f {
			return false
		}
	}
	return true
}
